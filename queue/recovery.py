"""Recovery: what becomes of leases whose worker is dead.

Owns   the classification (surely not sent, or maybe sent) by marks and boot, and its record.
Knows  nothing of live workers.

Invariants
    Q2  called only when every process of those incarnations was waited for, or lost its lock.
    Q4  each recovered transaction is one MAIL now; that is written with the recovery, for whoever owns next.
    Q3  a marked lease, and every lease of an earlier boot, counts as maybe sent; all others as surely not.
"""

import logging
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ..mta.clock import Clock
from ..mta.crashpoint import reach
from ..mta.outcome import Deferred, Scope, Stage
from . import settlement
from .incarnation import incarnation_of, mark_files, token_of
from .journal import AttemptPlace
from .lanes import history
from .retry import RetrySchedule
from .storage.group_commit import GroupCommit
from .storage.rows import LeasedRow
from .storage.store import QueueStore
from .workers.marks import read_marks

_log = logging.getLogger("youtong.queue")
_PAGE = 500
_WHY = "the delivery process ended after the message was sent and before the answer was recorded"

MAYBE_SENT = Deferred(Stage.FINAL_DOT, Scope.ROUTE, None, _WHY, ambiguous=True)
"""The outcome of an attempt that was cut off at the final dot by a death of ours."""


class Recovered(msgspec.Struct):
    """What was recovered: counts of recipients for the log."""

    unsent: int = 0
    maybe: int = 0

    def add(self, page: Iterable[tuple[LeasedRow, bool]]) -> None:
        """Committed rows, each with whether it may have been sent."""
        for _, maybe in page:
            self.maybe += maybe
            self.unsent += not maybe


class Recovery:
    def __init__(
        self, commits: GroupCommit, store: QueueStore, run_dir: Path, schedule: RetrySchedule, clock: Clock, boot: str
    ) -> None:
        self._commits, self._store, self._run_dir = commits, store, run_dir
        self._schedule, self._clock, self._boot = schedule, clock, boot

    async def at_start(self, owner_incarnation: int) -> Recovered:
        """Settle every lease of earlier incarnations, then remove their mark files. Raises StorageError."""
        marked = self._all_marks()
        other_boots = await self._commits.submit(self._incarnations_of_other_boots)
        recovered = Recovered()
        limit = token_of(owner_incarnation, 0)
        while page := await self._commits.submit(lambda db: self._settle_page(db, limit, marked, other_boots)):
            recovered.add(page)
        reach("marks-forgotten.before")
        for path in mark_files(self._run_dir):
            path.unlink(missing_ok=True)
        reach("marks-forgotten.after")
        return recovered

    def _settle_page(
        self, db: sqlite3.Connection, limit: int, marked: set[int], other_boots: set[int]
    ) -> list[tuple[LeasedRow, bool]]:
        """Some leases, each with whether it may have been sent. May run twice: changes nothing but the database."""
        rows = self._store.leased_below(limit, _PAGE)
        page = [(row, row.lease in marked or incarnation_of(row.lease) in other_boots) for row in rows]
        for row, maybe in page:
            self._settle_one(row, maybe=maybe)
        history.note_recovered(db, self._clock.now_ms(), ((row.lease, row.domain_id) for row in rows))
        return page

    def _settle_one(self, row: LeasedRow, *, maybe: bool) -> None:
        try:
            self.settle(row, maybe=maybe)
        except (ValueError, TypeError, LookupError):  # a damaged row may not keep the owner from starting (Q7)
            _log.error("a damaged row is scheduled again recipient=%d", row.id)
            settlement.give_back(self._store, row, self._clock.now_ms())

    def settle(self, row: LeasedRow, *, maybe: bool) -> settlement.Settled:
        """One lease of a dead worker, within the caller's operation. Raises LeaseLost."""
        now_ms = self._clock.now_ms()
        if not maybe:
            return settlement.give_back(self._store, row, now_ms)
        place = AttemptPlace(row.attempts + 1, "", "", "", row.content_id, mailed=True)
        return settlement.settle(self._store, row, MAYBE_SENT, place, now_ms, self._schedule)

    def _all_marks(self) -> set[int]:
        return {token for path in mark_files(self._run_dir) for token in read_marks(path).tokens}

    def _incarnations_of_other_boots(self, connection: sqlite3.Connection) -> set[int]:
        rows: Iterable[tuple[int]] = connection.execute(
            "SELECT id FROM incarnation WHERE boot_id != ? AND id IN"
            " (SELECT DISTINCT lease >> 40 FROM recipient WHERE state = 1)",
            (self._boot,),
        )
        return {row[0] for row in rows}
