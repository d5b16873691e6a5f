"""Halting: the last gate before a MAIL. What was leased before it was stopped is told to the workers.

Owns   which flows in flight are stopped, and the wait until every worker has heard it.
Knows  no socket and no row. What waits in the queue is not leased any more (queue.pace.suspensions);
       this is for what left it a moment before.

Invariant
    Q6  when `Halts.answered` returns in time, no worker that lives says MAIL for a flow of the set; a worker that
        starts later is told before it gets a lease.
"""

import asyncio
from collections.abc import Iterable

from ..pace.suspensions import Suspensions
from ..protocol import Halt
from ..transactions import Leased

ANSWER_SECONDS = 0.5
"""A worker that is busier than that, or stopped by SIGSTOP, is not waited for: it hears of it before its next MAIL."""


def halted_flows(book: Suspensions, in_flight: Iterable[Leased]) -> list[int]:
    """Flows of which something is in flight though they are stopped everywhere: their stream or their account is."""
    if not book:
        return []
    flows = {leased.ready.message.flow.id: leased.ready.message.flow for leased in in_flight}
    return sorted(number for number, flow in flows.items() if book.of_flow(flow, "") is not None)


class Halts:
    """What workers were told last, and who has not answered yet."""

    def __init__(self) -> None:
        self.newest = Halt(0, [])
        self._silent: set[int] = set()  # incarnations
        self._answered = asyncio.Event()

    def say(self, flows: list[int], incarnations: Iterable[int]) -> Halt | None:
        """What those workers are to be told; None when they know it."""
        if flows == self.newest.flows:
            return None
        self.newest = Halt(self.newest.number + 1, flows)
        self._silent = set(incarnations)
        self._answered = asyncio.Event()
        self._look()
        return self.newest

    def heard(self, incarnation: int, number: int) -> None:
        if number == self.newest.number:
            self.gone(incarnation)

    def gone(self, incarnation: int) -> None:
        """It has answered, or ended."""
        self._silent.discard(incarnation)
        self._look()

    async def answered(self) -> None:
        """Until all have answered; not for longer than `ANSWER_SECONDS`."""
        if not self._silent:
            return
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._answered.wait()
        except TimeoutError:
            pass

    def _look(self) -> None:
        if not self._silent:
            self._answered.set()
