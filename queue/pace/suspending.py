"""Suspending: the book of suspensions kept over a restart, and its changes told to whoever leases.

Owns   the numbers of suspensions, the reading at start, what an operator suspends and resumes, and the one timer for
       the soonest end.
Knows  nothing of rules and replies (queue.pace.reacting) or of lanes: `changed` is told.

Invariants
    The rows are the truth: what an operator asks for stands in the book once its commit returned; a new owner's book
    is as the rows say. A reply's suspension is in the book at once and in the rows with the outcome that set it off:
    between the two less may leave, never more.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable

from ...mta.clock import Clock
from ..storage import operation_rows, suspension_rows
from ..storage.group_commit import GroupCommit
from .suspensions import Suspension, Suspensions

_log = logging.getLogger("youtong.queue")
_LONGEST_NAP_SECONDS = 60.0  # the wall clock may be set: look at it now and then


class Suspending:
    """Used from the event loop only. Whoever makes it calls `load` before anything is leased."""

    def __init__(self, commits: GroupCommit, book: Suspensions, changed: Callable[[], None], clock: Clock) -> None:
        self.book = book
        self._commits, self._changed, self._clock = commits, changed, clock
        self._last_id = 0
        self._timer: asyncio.TimerHandle | None = None

    async def load(self) -> None:
        """The book as the rows say. Raises StorageError."""
        now_ms = self._clock.now_ms()
        rows = await self._commits.submit(lambda db: suspension_rows.in_force(db, now_ms))
        self._last_id = await self._commits.submit(suspension_rows.last_id)
        for row in rows:
            self.book.put(row.suspension)
        self._set_timer()

    def stop(self) -> None:
        """No timer is left."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def next_id(self) -> int:
        """A number that was never used."""
        self._last_id += 1
        return self._last_id

    def put(self, suspensions: Iterable[Suspension]) -> None:
        """They are in force from now on, and stand in rows or will."""
        for each in suspensions:
            self.book.put(each)
            _log.warning("%s", _words("suspended", each))
        self._tell()

    def take_out(self, suspensions: Iterable[Suspension]) -> None:
        """Somebody ended them."""
        for each in suspensions:
            self.book.take_out(each.id)
            _log.warning("%s", _words("resumed", each))
        self._tell()

    async def forget_old(self) -> int:
        """Bound the history of suspensions and operations; how many rows went. Raises StorageError."""
        now_ms = self._clock.now_ms()
        suspensions = await self._commits.submit(lambda db: suspension_rows.forget_old(db, now_ms))
        return suspensions + await self._commits.submit(operation_rows.forget_old)

    def _tell(self) -> None:
        self._set_timer()
        self._changed()

    def _set_timer(self) -> None:
        self.stop()
        end_ms = self.book.soonest_end_ms()
        if end_ms is not None:
            seconds = min(max(0.0, (end_ms - self._clock.now_ms()) / 1000), _LONGEST_NAP_SECONDS)
            self._timer = asyncio.get_running_loop().call_later(seconds + 0.001, self.look)

    def look(self) -> None:
        """Take out what has run out by now; the timer calls it."""
        ended = self.book.take_out_ended()
        for each in ended:
            _log.info("%s", _words("suspension ended", each))
        self._set_timer()
        if ended:
            self._changed()


def _words(what: str, suspension: Suspension) -> str:
    kind = "stop" if suspension.stop else "slow"
    whose = f" rule={suspension.rule}" if suspension.rule else f" who={suspension.who}"
    more = "".join(
        f" {name}={value}"
        for name, value in (("source", suspension.source), ("sender_domain", suspension.sender_domain))
        if value
    )
    return f"{what} id={suspension.id} {kind} {suspension.scope}={suspension.subject}{more}{whose}" + (
        f" until_ms={suspension.until_ms}" if suspension.until_ms is not None else ""
    )
