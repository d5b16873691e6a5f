"""Orders about suspensions: suspend and resume, and undoing each.

Owns   their rows and those of the operations, written together; the book follows after the commit.
Knows  no letter (queue.operators.operating) and no reply (queue.pace.reacting).

A suspension that a reply set off can be resumed like any other.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence

from ...mta.clock import Clock
from ..pace.suspending import Suspending
from ..pace.suspensions import Suspension
from ..storage import operation_rows, suspension_rows
from ..storage.group_commit import GroupCommit
from ..storage.operation_rows import OperationRow
from .operations import Operated
from .orders import Order, Refusal, is_meant, scope_of, suspension_of


class SuspensionOrders:
    """Used from the event loop only. Every method raises StorageError, having changed nothing."""

    def __init__(
        self,
        commits: GroupCommit,
        suspending: Suspending,
        clock: Clock,
        resumed: Callable[[Iterable[Suspension]], None],
    ) -> None:
        self._commits, self._suspending, self._clock, self._resumed = commits, suspending, clock, resumed

    async def suspend(self, order: Order) -> Operated:
        """One thing is stopped or slowed."""
        scope = scope_of(order.selection)
        if scope is None:
            return Operated(0, 0, refused=Refusal.NO_SCOPE)
        suspension = suspension_of(order, scope, self._suspending.next_id(), self._clock.now_ms())
        number = await self._commits.submit(lambda db: _write(db, order, suspension))
        self._suspending.put([suspension])
        return Operated(1, 0, operation=number, suspensions=(suspension.id,))

    async def resume(self, order: Order) -> Operated:
        """Everything in force that the order means is ended."""
        now_ms = self._clock.now_ms()
        number, ended = await self._commits.submit(lambda db: _end_meant(db, order, now_ms))
        if not ended:
            return Operated(0, 0, refused=Refusal.NOT_IN_FORCE)
        self._take_out(ended)
        return Operated(len(ended), 0, operation=number, suspensions=tuple(each.id for each in ended))

    async def undo_suspend(self, row: OperationRow, number: int, who: str) -> Operated:
        """What the operation suspended is resumed, unless that has happened already."""
        now_ms = self._clock.now_ms()
        ended = await self._commits.submit(lambda db: _end_these(db, row.suspensions, number, who, now_ms))
        self._take_out(ended)
        return Operated(len(ended), 0, operation=number, suspensions=tuple(each.id for each in ended))

    async def undo_resume(self, row: OperationRow, number: int) -> Operated:
        """What the operation resumed is suspended again, until the time that was set before."""
        now_ms = self._clock.now_ms()
        revived = await self._commits.submit(lambda db: _revive(db, row.suspensions, number, now_ms))
        self._suspending.put(revived)
        return Operated(len(revived), 0, operation=number, suspensions=tuple(each.id for each in revived))

    def _take_out(self, ended: Sequence[Suspension]) -> None:
        self._resumed(ended)
        self._suspending.take_out(ended)


def _begin(db: sqlite3.Connection, order: Order, now_ms: int) -> int:
    return operation_rows.begin(db, order.operation, order.selection, order.reason, order.who, now_ms)


def _write(db: sqlite3.Connection, order: Order, suspension: Suspension) -> int:
    number = _begin(db, order, suspension.since_ms)
    suspension_rows.put(db, suspension, number)
    operation_rows.note_suspensions(db, number, (suspension.id,))
    return number


def _end_meant(db: sqlite3.Connection, order: Order, now_ms: int) -> tuple[int, list[Suspension]]:
    in_force = [row.suspension for row in suspension_rows.in_force(db, now_ms)]
    meant = tuple(each.id for each in in_force if is_meant(each, order))
    if not meant:
        return 0, []
    number = _begin(db, order, now_ms)
    return number, _end_these(db, meant, number, order.who, now_ms)


def _end_these(
    db: sqlite3.Connection, suspensions: Iterable[int], number: int, who: str, now_ms: int
) -> list[Suspension]:
    ids = [each for each in suspensions if suspension_rows.end(db, each, now_ms, who)]
    operation_rows.note_suspensions(db, number, tuple(ids))
    rows = [suspension_rows.one(db, each) for each in ids]
    return [row.suspension for row in rows if row is not None]


def _revive(db: sqlite3.Connection, suspensions: Iterable[int], number: int, now_ms: int) -> list[Suspension]:
    rows = [suspension_rows.revive(db, each, now_ms) for each in suspensions]
    revived = [row.suspension for row in rows if row is not None]
    operation_rows.note_suspensions(db, number, tuple(each.id for each in revived))
    return revived
