"""Operating: an operator's order from its first page to its last.

Owns   the numbers of operations, and the way through pages, each in an operation of its own, so that a million
       recipients hold up no other mail.
Knows  nothing of workers, rests or command lines. The same with a server and, holding the owner's lock, without one.

Invariants
    An order that is cut off by a death has done the pages that were committed, and its row says how many; given again,
    it does the rest.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from ...mta.clock import Clock
from ..pace.suspending import Suspending
from ..pace.suspensions import Suspension
from ..states import RecipientState
from ..storage import operation_rows
from ..storage.group_commit import GroupCommit
from ..storage.store import QueueStore
from ..storage.walks import START, Cursor
from . import operations
from .operations import FLUSH, Operated, PageDone, Verb
from .orders import Order
from .suspension_orders import SuspensionOrders
from .undoing import Undoing

_MAX_PASSES = 3  # what is leased while we walk comes back behind us; mail that goes on coming is not run after


Met = Callable[[frozenset[str]], None]


def _unheard(_: object) -> None:
    """Nobody listens."""


class Operating:
    """Used from the event loop only."""

    def __init__(
        self,
        commits: GroupCommit,
        store: QueueStore,
        suspending: Suspending,
        clock: Clock,
        resumed: Callable[[Iterable[Suspension]], None] = _unheard,
    ) -> None:
        """`resumed` hears what somebody ended."""
        self._commits, self._store, self._clock = commits, store, clock
        self._suspensions = SuspensionOrders(commits, suspending, clock, resumed)
        self._undoing = Undoing(commits, store, self._suspensions, clock)

    async def carry_out(self, order: Order, met: Met = _unheard) -> Operated:
        """Do it and say what was done, or why not; `met` hears the domains of letters, page by page.

        Raises StorageError.
        """
        match order.operation:
            case "suspend" if order.selection.names_letters:
                return await self._go_through(replace(order, operation="hold"), met)
            case "suspend":
                return await self._suspensions.suspend(order)
            case "resume":
                return await self._suspensions.resume(order)
            case "undo":
                return await self._undoing.undo(order)
            case _:
                return await self._go_through(order, met)

    async def _go_through(self, order: Order, met: Met) -> Operated:
        now_ms = self._clock.now_ms()
        number = await self._commits.submit(
            lambda db: operation_rows.begin(db, order.operation, order.selection, order.reason, order.who, now_ms)
        )
        verb = Verb(order.operation, order.selection, order.reason, order.who, now_ms, number)
        changed, busy = 0, set[int]()
        for _ in range(1 if verb.name == FLUSH else _MAX_PASSES):
            done = await self._pass(verb, busy, met)
            changed += done
            if not done:
                break
        return Operated(changed, len(busy), operation=number)

    async def _pass(self, verb: Verb, busy: set[int], met: Met) -> int:
        changed = 0
        for state in operations.states_of(verb.name):
            cursor: Cursor | None = START
            while cursor is not None:
                done = await self._commits.submit(lambda db, state=state, at=cursor: self._page(db, verb, state, at))
                changed += done.changed
                busy.update(done.busy)
                met(done.domains)
                cursor = done.cursor
                await asyncio.sleep(0)  # sessions and reports come in between
        return changed

    def _page(self, db: sqlite3.Connection, verb: Verb, state: RecipientState, cursor: Cursor) -> PageDone:
        done = operations.page(self._store, verb, state, cursor)
        if done.changed or done.busy:
            operation_rows.count(db, verb.operation, done.changed, len(done.busy))
        return done
