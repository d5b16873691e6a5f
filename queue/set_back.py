"""Set back: due times when somebody sets the wall clock back.

Owns   noticing it (the wall clock against the monotonic one, and at the start against the newest fact), and bringing
       due times forward by as much, so that nobody waits longer than they were to wait.
Knows  nothing of domains' routes or of leases, which count in monotonic time.

Small corrections are left alone. The queue is walked in pages, each an operation of its own. Who is deferred with the
new time before the walk comes by may be tried early, once. Ages, and so expiry, are left as they are: mail lives longer
by as much.
"""

import asyncio
import logging
import sqlite3
from functools import partial

from ..mta.clock import Clock
from .storage import due_times
from .storage.database import StorageError
from .storage.due_times import Place
from .storage.group_commit import GroupCommit
from .storage.store import QueueStore

_log = logging.getLogger("youtong.queue")
_TURN_SECONDS = 5.0
_LEAST_MS = 60_000
_PAGE = 500
_START = (0, 0, 0, 0)


class SetBack:
    def __init__(self, commits: GroupCommit, store: QueueStore, clock: Clock) -> None:
        self._commits, self._store, self._clock = commits, store, clock
        self._offset_ms = self._offset()

    def _offset(self) -> int:
        """Of the wall clock from the monotonic one."""
        return self._clock.now_ms() - round(self._clock.monotonic() * 1000)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.turn()
            except StorageError as error:
                _log.warning("due times not brought forward yet error=%s", error)
            await asyncio.sleep(_TURN_SECONDS)

    async def at_start(self) -> None:
        """Facts from the future: the clock was set back while nobody looked. Raises StorageError."""
        newest_ms = await self._commits.submit(due_times.newest_fact_ms)
        self._offset_ms = max(self._offset_ms, self._offset_ms + newest_ms - self._clock.now_ms())

    async def turn(self) -> None:
        """Raises StorageError; the next turn begins the walk anew then."""
        offset_ms = self._offset()
        back_ms = self._offset_ms - offset_ms
        if back_ms > _LEAST_MS:
            _log.warning("the wall clock was set back seconds=%d: due times are brought forward", back_ms // 1000)
            await self._bring_forward(back_ms)
        self._offset_ms = offset_ms

    async def _bring_forward(self, back_ms: int) -> None:
        after: Place | None = _START
        while after is not None:
            after = await self._commits.submit(partial(self._page, after, back_ms))

    def _page(self, after: Place, back_ms: int, db: sqlite3.Connection) -> Place | None:
        return due_times.bring_forward(db, self._store, after, self._clock.now_ms(), back_ms, _PAGE)
