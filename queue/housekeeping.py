"""Housekeeping: what keeps queue.db small and fast without holding up a 250.

Owns   checkpoints of the write-ahead log, deletion of content nobody needs any more, and giving free pages back.
Knows  nothing of delivery. Works in small steps; a step that fails is tried again at the next turn.

Invariants
    Content is deleted only when every recipient of its message has ended and the retention time is over; rows and
    journal stay. A spool file goes after the commit that forgets it.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

from ..mta.clock import Clock
from . import spool
from .storage.database import StorageError
from .storage.group_commit import GroupCommit
from .storage.store import QueueStore

_log = logging.getLogger("youtong.queue")
_TURN_SECONDS = 1.0
_SWEEP_SECONDS = 300.0
_CHECKPOINT_BYTES = 4 * 1024 * 1024
_TRUNCATE_BYTES = 64 * 1024 * 1024  # beyond it, wait for readers so that the log starts anew
_PAGE = 500
_PATIENCE_SECONDS = 2.0
_VACUUM_PAGES = 256
_CONNECTS_MS = 2 * 3_600_000  # longer than any window counts
RETENTION_MS = 3 * 86_400_000  # how long the content of an ended message can still be looked at


class Housekeeper:
    def __init__(
        self,
        path: Path,
        spool_folder: Path,
        commits: GroupCommit,
        store: QueueStore,
        forget_idle: Callable[[], None],
        clock: Clock,
    ) -> None:
        """`forget_idle` drops what memory keeps without need."""
        self._path, self._spool, self._commits, self._store, self._clock = path, spool_folder, commits, store, clock
        self._forget_idle = forget_idle
        self._sweeps: list[Callable[[], Awaitable[int]]] = []
        self._wal = path.with_name(path.name + "-wal")
        self._swept = 0.0

    def also(self, sweep: Callable[[], Awaitable[int]]) -> None:
        """Something else is to be swept with the content; `sweep` says how much it deleted. It raises StorageError."""
        self._sweeps.append(sweep)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_TURN_SECONDS)
            try:
                await self.turn()
            except (sqlite3.Error, StorageError, OSError) as error:
                _log.warning("housekeeping postponed error=%s", error)

    async def turn(self) -> None:
        """One round of whatever is due. Raises sqlite3.Error, StorageError, OSError."""
        await asyncio.to_thread(self._checkpoint)
        now = self._clock.monotonic()
        if now - self._swept >= _SWEEP_SECONDS or not self._swept:
            self._swept = now
            self._forget_idle()
            await self.sweep()

    async def sweep(self) -> int:
        """Delete content that is no longer needed; how many messages lost theirs. Raises StorageError."""
        deleted = await self._sweep_content() + sum([await sweep() for sweep in self._sweeps])
        if deleted:
            await self._commits.submit(lambda db: db.execute(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})").fetchall())
        return deleted

    async def _sweep_content(self) -> int:
        now_ms = self._clock.now_ms()
        await self._commits.submit(lambda _: self._store.forget_connects(now_ms - _CONNECTS_MS))
        deleted, after = 0, 0
        before_ms = now_ms - RETENTION_MS
        while True:
            page = await self._commits.submit(
                lambda _, after=after: self._store.delete_ended_content(after, before_ms, _PAGE)
            )
            for name in page.spool_names:
                spool.remove(self._spool, name)
            deleted += page.deleted
            if page.last is None:
                break
            after = page.last
        return deleted

    def _checkpoint(self) -> None:
        size = self._wal.stat().st_size if self._wal.exists() else 0
        if size < _CHECKPOINT_BYTES:
            return
        connection = sqlite3.connect(self._path, timeout=_PATIENCE_SECONDS, isolation_level=None)
        try:
            mode = "TRUNCATE" if size >= _TRUNCATE_BYTES else "PASSIVE"
            connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
        finally:
            connection.close()
