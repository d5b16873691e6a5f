"""Who recipients are, by number: address and class.

Owns   one statement, which queue.db and archive.db both understand.
"""

import json
import sqlite3
from collections.abc import Iterable

_SELECT = """
SELECT r.id, r.address, m.mail_class FROM recipient AS r JOIN message AS m ON m.id = r.message_id
WHERE r.id IN (SELECT value FROM json_each(?))
"""


def addressees(db: sqlite3.Connection, recipient_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Address and class of those that are here. Raises sqlite3.Error."""
    rows = db.execute(_SELECT, (json.dumps(list(recipient_ids)),))
    return {number: (address, mail_class) for number, address, mail_class in rows}
