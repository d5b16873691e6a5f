"""Delays: which messages to look at because a recipient has waited for long.

Owns   the timer over the watch (storage.owing), and what the loader says of recipients that could not even be tried.
Knows  nothing of what a notice tells: a message whose time has come is passed on (`late`).

A message is on the watch from its first deferral, or from when the loader sees that a recipient of it has been due for
DELAY_MS without an attempt (its site or domain rests, or a limit is too narrow). So an ordinary message costs nothing,
one that was deferred one row, and a restart changes nothing. Held mail is told of by who held it.
"""

import asyncio
import logging
from collections.abc import Callable

from ...mta.clock import Clock
from ..storage import owing
from ..storage.database import StorageError
from ..storage.group_commit import GroupCommit
from ..storage.rows import DueRow
from .owed import DELAY_MS, may_hear_of_delay

_log = logging.getLogger("youtong.queue")
_TURN_SECONDS = 15.0
_PER_TURN = 500  # so that notices about a site that rests for hours do not all come in one moment
_FORGET_SECONDS = 3600.0
_FORGET_MS = 60 * 86_400_000  # no recipient waits for so long


def is_late(row: DueRow, now_ms: int) -> bool:
    """Whether the recipient has been due for long, unattempted, and its sender is to hear of it."""
    return row.next_ms <= now_ms - DELAY_MS and row.expires_ms > now_ms and may_hear_of_delay(row)


class Delays:
    def __init__(self, commits: GroupCommit, late: Callable[[int], None], clock: Clock) -> None:
        """`late(message_id)` is called when it is time to look at the message."""
        self._commits, self._late, self._clock = commits, late, clock
        self._forgotten = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.turn()
            except StorageError as error:
                _log.warning("looking for delayed messages postponed error=%s", error)
            await asyncio.sleep(_TURN_SECONDS)

    async def turn(self) -> None:
        """Pass on the messages whose time has come. Raises StorageError."""
        now_ms = self._clock.now_ms()
        for message_id in await self._commits.submit(lambda db: owing.messages_to_look_at(db, now_ms, _PER_TURN)):
            self._late(message_id)
        now = self._clock.monotonic()
        if now - self._forgotten >= _FORGET_SECONDS or not self._forgotten:
            self._forgotten = now
            before_ms = now_ms - _FORGET_MS
            while await self._commits.submit(lambda db: owing.forget_told(db, before_ms, _PER_TURN)) == _PER_TURN:
                pass
