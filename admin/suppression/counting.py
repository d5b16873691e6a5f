"""How many entries there are for each reason.

Owns   the sums over counters that triggers keep, read-only, for whoever asks beside the server: as cheap with millions.
Knows  no entry (book).
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from ...policy.suppression import Reason
from ..store.errors import mapped


def by_reason(app_db: Path) -> Mapping[Reason, int]:
    """Every reason, also those of nobody; nothing where there is no app.db. Raises StoreError."""
    if not app_db.exists():
        return {}
    with mapped(), closing(sqlite3.connect(f"{app_db.absolute().as_uri()}?mode=ro", uri=True)) as db:
        found = dict(db.execute("SELECT reason, sum(count) FROM suppression_count GROUP BY reason"))
    return {reason: found.get(reason, 0) for reason in Reason}
