"""Minutes: what leaves lanes with long windows, counted for the next owner.

Owns   which events are counted into which minute's row, and the sweep of old rows.
Knows  lanes and what was reported of them; the rows are queue.storage.sent_rows'. queue.lanes.history reads them.

Invariants
    Q4  A MAIL is counted in the transaction that ends its lease: before, its lease stands and is recovered; after, the
        row has it. A connect is counted with its own row, before the transaction that asked for it can end.
    A lane without a window longer than the journal is read back costs nothing here.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence

from ...mta.clock import Clock
from ..storage import sent_rows
from ..storage.group_commit import GroupCommit
from ..storage.sent_rows import SentMinute
from .lanes import Lane

MINUTE_MS = 60_000
KEPT_MS = 26 * 3_600_000  # a day, and what rounding and a change of the clock may need
_PAGE = 1000


class Sent:
    """Counts of one batch of reports, to be written with its outcomes."""

    def __init__(self, clock: Clock) -> None:
        self._now_ms, self._now = clock.now_ms(), clock.monotonic()
        self._mails: Counter[tuple[str, str, str, int]] = Counter()
        self._connects: Counter[tuple[str, str, str, int]] = Counter()

    def mailed(self, lane: Lane, site: str, moments: Iterable[float]) -> None:
        """MAILs that left a lane, if it counts minutes; monotonic."""
        if lane.counts_minutes:
            for moment in moments:
                self._mails[*lane.key_pair, site if lane.counts_sites else "", self._minute(moment)] += 1

    def connected(self, lane: Lane, moments: Iterable[float]) -> None:
        """Connects of a lane, if it counts minutes."""
        if lane.counts_minutes:
            for moment in moments:
                self._connects[*lane.key_pair, "", self._minute(moment)] += 1

    def take(self) -> Sequence[SentMinute]:
        """What `sent_rows.add_minutes` is to write; empty for most batches. It counts from nothing again."""
        if not (self._mails or self._connects):
            return ()
        keys = self._mails.keys() | self._connects.keys()
        rows = [SentMinute(*key, self._mails[key], self._connects[key]) for key in sorted(keys)]
        self._mails.clear()
        self._connects.clear()
        return rows

    def _minute(self, moment: float) -> int:
        at_ms = self._now_ms - int((self._now - moment) * 1000)
        return at_ms - at_ms % MINUTE_MS


class MinuteSweep:
    """Called by the housekeeper."""

    def __init__(self, commits: GroupCommit, clock: Clock) -> None:
        self._commits, self._clock = commits, clock

    async def sweep(self) -> int:
        """Forget what no window counts any more, page by page; how many rows. Raises StorageError."""
        before_ms, deleted = self._clock.now_ms() - KEPT_MS, 0
        while True:
            page = await self._commits.submit(lambda db: _forget(db, before_ms))
            deleted += page
            if page < _PAGE:
                return deleted


def _forget(db: sqlite3.Connection, before_ms: int) -> int:
    return sent_rows.forget_sent(db, before_ms, _PAGE)
