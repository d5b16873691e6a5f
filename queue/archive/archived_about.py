"""One archived recipient, of whom something came back late.

Owns   the look-up for queue.returns.
Knows  no news.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from ..storage.database import map_error
from ..storage.returned_rows import About, ended_ms
from .archive_reads import open_reads
from .history_text import entries_of

_ABOUT = """
SELECT r.id, r.message_id, m.account_id, r.state, m.verp_domain, m.stream_id, r.history
FROM recipient AS r JOIN message AS m ON m.id = r.message_id WHERE r.id = ?
"""


def archived_about(path: Path, recipient_id: int) -> About | None:
    """None: it is not in the archive. Blocks. Raises StorageError."""
    try:
        db = open_reads(path)
        if db is None:
            return None
        with closing(db):
            row = db.execute(_ABOUT, (recipient_id,)).fetchone()
    except sqlite3.Error as error:
        raise map_error(error) from error
    if row is None:
        return None
    number, message_id, account_id, state, verp_domain, stream_id, history = row
    ended = ended_ms(entries_of(history)[::-1])
    return About(number, message_id, account_id, state, 0, verp_domain, stream_id, ended, is_archived=True)
