"""The memory that all sessions together may hold (M1).

Owns    counting octets in and out, and the order in which those who wait get some.
Knows   nothing of messages or sessions.
Invariant
        what is taken and not given back never exceeds the budget; nobody waits longer than it said.
"""

import asyncio
from collections import deque

_STEP = 16 * 1024  # grown by steps, so that a message costs few calls


class MemoryBudget:
    """A number of octets, shared. Waiters are served in their order; a large one is never passed by small ones."""

    def __init__(self, octets: int) -> None:
        self.free = octets
        self._waiters: deque[tuple[int, asyncio.Future[None]]] = deque()

    def take_now(self, octets: int) -> bool:
        """Take them if they are free and nobody was here earlier."""
        if octets > self.free or self._waiters:
            return False
        self.free -= octets
        return True

    async def take(self, octets: int, wait_seconds: float) -> bool:
        """Take them, waiting a bounded time; False means nothing was taken."""
        if self.take_now(octets):
            return True
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((octets, turn))
        try:
            await asyncio.wait((turn,), timeout=wait_seconds)
            return turn.done()
        except asyncio.CancelledError:
            if turn.done():
                self.give_back(octets)
            raise
        finally:
            if not turn.done():
                turn.cancel()
                self._waiters.remove((octets, turn))
                self._serve()

    def reserve(self, wait_seconds: float) -> "Reservation":
        """A reservation for one message; to be released at the end whatever happens."""
        return Reservation(self, wait_seconds)

    def give_back(self, octets: int) -> None:
        """They are free again."""
        self.free += octets
        self._serve()

    def _serve(self) -> None:
        while self._waiters and self._waiters[0][0] <= self.free:
            octets, turn = self._waiters.popleft()
            self.free -= octets
            turn.set_result(None)


class Reservation:
    """What one message holds of the budget."""

    __slots__ = ("_budget", "_octets", "_wait_seconds")

    def __init__(self, budget: MemoryBudget, wait_seconds: float) -> None:
        self._budget = budget
        self._wait_seconds = wait_seconds
        self._octets = 0

    def cover_now(self, octets: int) -> bool:
        """Hold at least so many, if they are free now. False: what was held before is still held."""
        if octets <= self._octets:
            return True
        more = self._missing(octets)
        if self._budget.take_now(more):
            self._octets += more
            return True
        return False

    async def cover(self, octets: int) -> bool:
        """Hold at least so many, waiting a bounded time. False: what was held before is still held."""
        if self.cover_now(octets):
            return True
        more = self._missing(octets)
        if await self._budget.take(more, self._wait_seconds):
            self._octets += more
            return True
        return False

    def _missing(self, octets: int) -> int:
        return -(-(octets - self._octets) // _STEP) * _STEP

    def release(self) -> None:
        """Hold nothing; safe more than once."""
        if self._octets:
            octets, self._octets = self._octets, 0
            self._budget.give_back(octets)
