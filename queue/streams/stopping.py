"""Stopping a stream: what waits of it is cancelled, in the background, page by page.

Owns   the walk over a stopped stream's recipients, and going on with it after a restart.
Knows  no verb (queue.streams.streams): nothing of a stopped stream is leased any more when this begins.

Invariants
    Q1  who waits or is held ends as cancelled, with who stopped the stream and why; who is under way ends by its
        attempt, and is met by the next walk when that put it off.
    A page is one operation and looks at a bounded number of rows: nobody's 250 waits for it.
"""

import asyncio
import logging
import sqlite3

from ...mta.clock import Clock
from ..journal import Facts, JournalKind
from ..pace.suspensions import Suspensions
from ..states import Event, RecipientState
from ..storage import stream_rows
from ..storage.database import StorageError
from ..storage.group_commit import GroupCommit
from ..storage.rows import Fact
from ..storage.store import QueueStore
from ..storage.stream_rows import StreamRow

_log = logging.getLogger("youtong.queue")
PAGE = 300
_AGAIN_SECONDS = 0.5
_FAULT_SECONDS = 5.0


class Stopping:
    """One task; `begin` wakes it."""

    def __init__(self, commits: GroupCommit, store: QueueStore, book: Suspensions, clock: Clock) -> None:
        self._commits, self._store, self._book, self._clock = commits, store, book, clock
        self._streams: dict[int, StreamRow] = {}
        self._woken = asyncio.Event()

    def begin(self, stream: StreamRow) -> None:
        """It was stopped, now or before a restart."""
        self._streams[stream.id] = stream
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._streams:
                await self.walk_all()

    async def walk_all(self) -> None:
        """Once over every stopped stream; who is met again later stays in the list."""
        for stream in list(self._streams.values()):
            try:
                if await self._walk(stream):
                    del self._streams[stream.id]
                    self._book.take_out(-stream.id)
            except StorageError as error:
                _log.error("stopped stream cannot be cancelled yet stream=%d error=%s", stream.id, error)
                await asyncio.sleep(_FAULT_SECONDS)
            except Exception:  # noqa: BLE001 - the bulkhead of a stream: others go on
                _log.exception("internal fault while a stopped stream was cancelled stream=%d", stream.id)
                await asyncio.sleep(_FAULT_SECONDS)
        if self._streams:
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _walk(self, stream: StreamRow) -> bool:
        """Whether everybody has ended."""
        after, under_way = 0, False
        while True:
            page = await self._commits.submit(lambda db, after=after: self._cancel_page(db, stream, after))
            under_way = under_way or any(state == RecipientState.LEASED for _, state in page)
            if len(page) < PAGE:
                break
            after = page[-1][0]
        if not under_way:
            await self._commits.submit(lambda db: stream_rows.set_swept(db, stream.id))
        return not under_way

    def _cancel_page(self, db: sqlite3.Connection, stream: StreamRow, after: int) -> list[tuple[int, int]]:
        page = stream_rows.page(db, stream.id, after, PAGE)
        facts = Facts(reason=stream.reason, who=stream.who)
        now_ms = self._clock.now_ms()
        for recipient_id, state in page:
            if state in (RecipientState.SCHEDULED, RecipientState.HELD):
                fact = Fact(now_ms, JournalKind.CANCELLED, stream.account_id, stream.id, recipient_id, facts)
                self._store.move(RecipientState(state), Event.CANCEL, fact)
        return page
