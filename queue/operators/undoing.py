"""Undoing: taking an operation back, exactly as far as nobody has said anything else since.

Owns   what can be undone and how: of a hold, those that it held and that are held still; of a release, those that it
       released and that wait still; of suspend and resume, the suspensions themselves.
Knows  no terminal state: cancelled letters stay cancelled (Q1).

Invariants
    Whose word was last is read from each recipient's history: a journal row names its operation. Somebody's later
    hold or release is never taken back by the undoing of an earlier one.
"""

import sqlite3
from collections.abc import Iterable

from ...mta.clock import Clock
from .. import wishes
from ..states import RecipientState
from ..storage import operation_rows
from ..storage.group_commit import GroupCommit
from ..storage.operation_rows import OperationRow
from ..storage.rows import OperatedRow
from ..storage.store import QueueStore
from ..storage.walks import PAGE, START, Cursor
from . import operations
from .operations import Operated, Verb
from .orders import Order, Refusal
from .suspension_orders import SuspensionOrders


def refusal(row: OperationRow | None, number: int) -> Refusal | None:
    """Why an operation cannot be undone; None: it can."""
    if row is None:
        return Refusal.UNKNOWN if number else Refusal.NOTHING_DONE
    if row.undone_by:
        return Refusal.UNDONE
    return {"cancel": Refusal.FINAL, "flush": Refusal.NO_TRACE, "undo": Refusal.AN_UNDO}.get(row.verb)


class Undoing:
    """Used from the event loop only. Every method raises StorageError."""

    def __init__(self, commits: GroupCommit, store: QueueStore, suspensions: SuspensionOrders, clock: Clock) -> None:
        self._commits, self._store, self._suspensions, self._clock = commits, store, suspensions, clock

    async def undo(self, order: Order) -> Operated:
        """The operation that the order names, or the newest that was not undone."""
        row = await self._commits.submit(
            lambda db: operation_rows.one(db, order.number) if order.number else operation_rows.newest(db)
        )
        refused = refusal(row, order.number)
        if refused is not None or row is None:
            return Operated(0, 0, refused=refused or "", operation=row.id if row is not None else 0)
        number = await self._begin(order, row)
        match row.verb:
            case "suspend":
                return await self._suspensions.undo_suspend(row, number, order.who)
            case "resume":
                return await self._suspensions.undo_resume(row, number)
            case "hold":
                return await self._release(row, self._verb("release", order, row, number))
            case verb:
                assert verb == "release", f"there is no way back from '{verb}'"
                return await self._hold_again(row, self._verb("hold", order, row, number))

    def _verb(self, name: str, order: Order, row: OperationRow, number: int) -> Verb:
        return Verb(name, row.selection, order.reason, order.who, self._clock.now_ms(), number)

    async def _begin(self, order: Order, row: OperationRow) -> int:
        now_ms = self._clock.now_ms()

        def write(db: sqlite3.Connection) -> int:
            number = operation_rows.begin(db, "undo", row.selection, order.reason, order.who, now_ms)
            operation_rows.note_undone(db, row.id, number)
            return number

        return await self._commits.submit(write)

    # -- a hold ---------------------------------------------------------------------------------------------------

    async def _release(self, row: OperationRow, verb: Verb) -> Operated:
        changed = await self._commits.submit(lambda _: self._store.wishes.withdraw_of(row.id))
        cursor: Cursor | None = START
        while cursor is not None:
            done, cursor = await self._commits.submit(lambda db, at=cursor: self._release_page(db, row.id, verb, at))
            changed += done
        return Operated(changed, 0, operation=verb.operation)

    def _release_page(
        self, db: sqlite3.Connection, undone: int, verb: Verb, cursor: Cursor
    ) -> tuple[int, Cursor | None]:
        page = self._store.operated.page(verb.selection, RecipientState.HELD, cursor)
        mine = [each for each in page.rows if self._store.operated.last_word(each) == undone]
        return self._change(db, verb, RecipientState.HELD, mine), page.cursor

    # -- a release ------------------------------------------------------------------------------------------------

    async def _hold_again(self, row: OperationRow, verb: Verb) -> Operated:
        changed, busy, after = 0, 0, row.first_seq - 1
        while after is not None:
            page = await self._commits.submit(lambda db, at=after: self._hold_page(db, row, verb, at))
            changed, busy, after = changed + page[0], busy + page[1], page[2]
        return Operated(changed, busy, operation=verb.operation)

    def _hold_page(
        self, db: sqlite3.Connection, undone: OperationRow, verb: Verb, after: int
    ) -> tuple[int, int, int | None]:
        ids, beyond = self._store.operated.released_between(undone.id, after, undone.last_seq, PAGE)
        scheduled = self._still(ids, RecipientState.SCHEDULED, undone.id)
        leased = self._still(ids, RecipientState.LEASED, undone.id)
        wishes.keep(self._store, leased, verb.name, verb.reason, verb.who, verb.operation)
        return self._change(db, verb, RecipientState.SCHEDULED, scheduled), len(leased), beyond

    def _still(self, ids: Iterable[int], state: RecipientState, undone: int) -> list[OperatedRow]:
        rows = (self._store.operated.one(each, state) for each in ids)
        return [row for row in rows if row is not None and self._store.operated.last_word(row) == undone]

    def _change(self, db: sqlite3.Connection, verb: Verb, state: RecipientState, rows: list[OperatedRow]) -> int:
        if rows:
            operations.change(self._store, verb, state, rows)
            operation_rows.count(db, verb.operation, len(rows), 0)
        return len(rows)
