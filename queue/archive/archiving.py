"""Archiving: moves what ended long ago from queue.db to archive.db, and forgets it there in the end.

Owns   the order of a move and its rounds.
Knows  no SQL (storage.leaving_rows, archive_store) and not what is old enough (finding).

A page is read on a read-only connection and written to archive.db in a thread; only then is it deleted from queue.db,
in short steps of the loop (queue.short_steps).

Invariants
    Q1  A row is deleted in queue.db after the archive has it durably, and only if it is still as it was read: a death
        at any point loses nothing. What is in both is the same thing; whoever reads both counts the one in queue.db.
    Q9  What a follower of the journal has not read stays.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import msgspec

from ...mta.clock import Clock
from ..short_steps import IsOver, ShortSteps
from ..storage import leaving_rows
from ..storage.database import StorageError, connect
from .archive_reads import NAME
from .archive_store import open_archive
from .finding import FactsPage, Page, Place, Ripe, find_facts, find_page

_log = logging.getLogger("youtong.queue")
_FIRST_SECONDS = 60.0  # a start has better things to do
_ROUND_SECONDS = 600.0
_FORGET_PAGE = 500
_DAY_MS = 86_400_000

Going = TypeVar("Going")
Delete = Callable[[sqlite3.Connection, Sequence[Going], IsOver], int]


class KeepTimes(msgspec.Struct, frozen=True):
    """How long after its end a recipient stays in queue.db, and how long it is known at all."""

    archive_after_ms: int = 7 * _DAY_MS
    forget_after_ms: int = 400 * _DAY_MS


class Archiving:
    def __init__(
        self, data_dir: Path, steps: ShortSteps, followed: Callable[[], Awaitable[int]], times: KeepTimes, clock: Clock
    ) -> None:
        """`followed`: the journal's number that every follower has passed; it may raise StorageError."""
        self._queue_db, self._archive_db = data_dir / "queue.db", data_dir / NAME
        self._steps, self._followed, self._clock = steps, followed, clock
        self.times = times

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.sleep(_FIRST_SECONDS)
        while True:
            try:
                await self.round()
            except (sqlite3.Error, StorageError, OSError) as error:
                _log.warning("archiving postponed error=%s", error)
            await asyncio.sleep(_ROUND_SECONDS)

    async def round(self) -> int:
        """Everything that is old enough now; how many recipients left. Raises sqlite3.Error, StorageError, OSError."""
        now_ms = self._clock.now_ms()
        ripe = Ripe(now_ms - self.times.archive_after_ms, await self._followed())
        moved = await self._move_recipients(ripe)
        await self._move_facts(ripe)
        while await asyncio.to_thread(self._forget, now_ms - self.times.forget_after_ms):
            pass
        if moved:
            _log.info("archived recipients=%d", moved)
        return moved

    async def _move_recipients(self, ripe: Ripe) -> int:
        moved, place = 0, Place()
        while True:
            page = await asyncio.to_thread(self._find_and_put, place, ripe)
            await self._delete("archive", page.leaving(), leaving_rows.delete_recipients)
            await self._delete("archive", page.emptied, leaving_rows.delete_messages)
            moved += len(page.recipients)
            if page.place is None:
                return moved
            place = page.place

    async def _move_facts(self, ripe: Ripe) -> None:
        while True:
            page = await asyncio.to_thread(self._find_and_put_facts, ripe)
            await self._delete("archive", [fact.seq for fact in page.facts], leaving_rows.delete_facts)
            if page.facts or not page.is_end:
                await asyncio.to_thread(self._walk_on, page.walked_seq)
            if page.is_end:
                return

    async def _delete(self, kind: str, going: Sequence[Going], delete: Delete[Going]) -> None:
        """In as many steps as it takes."""
        while going:
            done = await self._steps.do(kind, lambda db, is_over, going=going: delete(db, going, is_over))
            going = going[done:]

    # -- in a thread: each opens its own connections, so that nothing is shared with one that was given up -----------

    def _find_and_put(self, place: Place, ripe: Ripe) -> Page:
        with closing(connect(self._queue_db, read_only=True)) as queue:
            page = find_page(queue, place, ripe)
        if page.messages:
            with closing(open_archive(self._archive_db)) as archive:
                archive.put(page.messages, page.recipients)
        return page

    def _find_and_put_facts(self, ripe: Ripe) -> FactsPage:
        with closing(open_archive(self._archive_db)) as archive:
            with closing(connect(self._queue_db, read_only=True)) as queue:
                page = find_facts(queue, archive.walked_seq(), ripe)
            if page.facts:
                archive.put_facts(page.facts)
        return page

    def _walk_on(self, seq: int) -> None:
        with closing(open_archive(self._archive_db)) as archive:
            archive.walk_on(seq)

    def _forget(self, before_ms: int) -> int:
        with closing(open_archive(self._archive_db)) as archive:
            return archive.forget(before_ms, _FORGET_PAGE)
