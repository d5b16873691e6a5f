"""Reading fates: what the recipients of a stream, of an account, or of all count as.

Owns   the sums over fate_counter, read-only, for whoever asks beside the server.
Knows  no word for a fate. The counters follow the journal by a second or two (admin.follower).
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from ...queue.returns.fates import Fate
from ..store.errors import mapped

Fates = Mapping[Fate, int]
"""How many recipients count as what; none that nobody counts as."""

_SUMS = "SELECT fate, sum(count) FROM fate_counter {which} GROUP BY fate"


def of_stream(app_db: Path, account_id: int, stream_id: int) -> Fates:
    """Raises StoreError."""
    return _read(app_db, "WHERE account_id = ? AND stream_id = ?", account_id, stream_id)


def of_account(app_db: Path, account_id: int, first_day: str) -> Fates:
    """Of recipients that ended since a day (YYYY-MM-DD, UTC). Raises StoreError."""
    return _read(app_db, "WHERE account_id = ? AND day >= ?", account_id, first_day)


def of_all(app_db: Path) -> Fates:
    """Raises StoreError."""
    return _read(app_db, "")


def _read(app_db: Path, which: str, *values: int | str) -> Fates:
    if not app_db.exists():
        return {}
    with mapped(), closing(sqlite3.connect(f"{app_db.absolute().as_uri()}?mode=ro", uri=True)) as db:
        found = dict(db.execute(_SUMS.format(which=which), values))
    return {fate: found[fate] for fate in Fate if found.get(fate, 0) > 0}
