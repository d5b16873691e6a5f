"""Housekeeping: what keeps queue.db small and fast without holding up a 250.

Owns   when the log is copied though little is written, deletion of content nobody needs any more and of other rows
       that only lately mattered, and giving free pages back.
Knows  nothing of delivery, and no archive (queue.archive). Works in short steps with rests between
       (queue.short_steps); a step that fails is tried again at the next turn.

Invariants
    Content is deleted only when every recipient of its message has ended and the retention time is over; rows and
    journal stay. Content of a stream waits until nobody joins it any more and its recipients are archived. A spool
    file goes after the commit that forgets it.
    No statement here looks at more rows than it says, however many wait.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from ..mta.clock import Clock
from .contents import spool
from .short_steps import ShortSteps
from .storage import sweeping
from .storage.database import StorageError, connect
from .storage.group_commit import GroupCommit

_log = logging.getLogger("youtong.queue")
_LOG_SECONDS = 1.0
_SWEEP_SECONDS = 300.0
_LOG_BYTES = 16 * 1024 * 1024
_PAGE = 500
_CONNECTS_MS = 2 * 3_600_000  # longer than any window counts
RETENTION_MS = 3 * 86_400_000  # how long the content of an ended message can still be looked at


class Housekeeper:
    def __init__(
        self,
        path: Path,
        spool_folder: Path,
        commits: GroupCommit,
        forget_idle: Callable[[], None],
        clock: Clock,
    ) -> None:
        """`forget_idle` drops what memory keeps without need."""
        self._path, self._spool, self._commits, self._clock = path, spool_folder, commits, clock
        self._forget_idle = forget_idle
        self.steps = ShortSteps(commits)
        self._sweeps: list[Callable[[], Awaitable[int]]] = []
        self._wal = path.with_name(path.name + "-wal")

    def also(self, sweep: Callable[[], Awaitable[int]]) -> None:
        """Something else is to be swept with the content; `sweep` says how much it deleted. It raises StorageError."""
        self._sweeps.append(sweep)

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.gather(
            self._every(_LOG_SECONDS, self.watch_log),
            self._every(_SWEEP_SECONDS, self.tidy),
            self._every(_SWEEP_SECONDS, self.sweep),
        )

    async def _every(self, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except (sqlite3.Error, StorageError, OSError) as error:
                _log.warning("housekeeping postponed error=%s", error)

    async def watch_log(self) -> None:
        """Large letters make a long log of few rows, and a pause leaves one. Raises StorageError, OSError."""
        if self._wal.exists() and self._wal.stat().st_size >= _LOG_BYTES:
            await self._commits.copy_log()

    async def tidy(self) -> None:
        """Forget what only lately mattered. Raises StorageError."""
        self._forget_idle()
        before_ms = self._clock.now_ms() - _CONNECTS_MS
        while await self.steps.do("connects", lambda db, _: sweeping.forget_connects(db, before_ms, _PAGE)) == _PAGE:
            pass

    async def sweep(self) -> int:
        """Delete content that is no longer needed; how many messages lost theirs. Raises StorageError."""
        deleted = await self._sweep_content() + sum([await sweep() for sweep in self._sweeps])
        while await self.steps.do("vacuum", sweeping.give_back_pages):
            pass
        return deleted

    async def _sweep_content(self) -> int:
        before_ms = self._clock.now_ms() - RETENTION_MS
        deleted, after = 0, 0
        while True:
            found = await asyncio.to_thread(self._find_ended, after, before_ms)
            deleted += await self._delete(found.ids)
            if found.last is None:
                return deleted
            after = found.last

    def _find_ended(self, after: int, before_ms: int) -> sweeping.Found:
        """In a thread: what must be read from the disk to know it is not read in the loop."""
        with closing(connect(self._path, read_only=True)) as db:
            return sweeping.find_ended_content(db, after, before_ms, _PAGE)

    async def _delete(self, ids: tuple[int, ...]) -> int:
        """In as many steps as it takes; a spool file goes after the commit."""
        deleted = 0
        while ids:
            done = await self.steps.do(
                "content", lambda db, is_over, ids=ids: sweeping.delete_content(db, ids, is_over)
            )
            for name in done.spool_names:
                spool.remove(self._spool, name)
            deleted += done.deleted
            ids = ids[done.looked_at :]
        return deleted
