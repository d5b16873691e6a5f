"""The agenda: which (domain, flow) the loader has to look at, read from the backlog in the order of time.

Owns   the place up to which the backlog was read, and what is written back: pairs that are put off (they rest, are
       stopped, or there is no room), pairs that were done with, and where domains' mail goes.
Knows  no lane. What is gathered is written in one operation a round.

Invariants
    Memory is bounded by who asks: `read` gives no more than `room`, and goes on where it stood.
    What is put off costs one row's update and is not read again before its time, unless `start_over` is called.
"""

import sqlite3
from collections.abc import Iterable
from functools import partial

from ...mta.clock import Clock
from ..damage import skip_orphans
from ..notices.delays import is_late
from ..notices.owed import DELAY_MS
from ..storage import owing
from ..storage.backlog import DuePair, Pair
from ..storage.group_commit import GroupCommit
from ..storage.store import QueueStore

_PAGE = 1000
_OVERLAP_MS = 5000  # a commit may make a row visible after the time it is due at was read
_START = (0, 0, 0)
_UNPARK_PAGE = 500
_UNPARK_PAGES = 4  # in one round
_SOON_MS = 1000
_LATE_PAGE = 500


class Agenda:
    def __init__(self, commits: GroupCommit, store: QueueStore, clock: Clock) -> None:
        self._commits, self._store, self._clock = commits, store, clock
        self._after = _START
        self._unparked: Pair | None = (0, 0)  # how far the way through what was put off has come; None: not under way
        self._put_off: dict[Pair, int] = {}
        self._left: set[Pair] = set()
        self._learned: dict[str, tuple[str, str]] = {}

    def start_over(self) -> None:
        """Due times changed, or what was put off may go: read all from the beginning."""
        self._after, self._unparked = _START, (0, 0)

    @property
    def is_unparking(self) -> bool:
        return self._unparked is not None

    async def read(self, room: int) -> list[DuePair]:
        """What has to be looked at now, no more than `room`. Raises StorageError."""
        await self._unpark()
        now_ms = self._clock.now_ms()
        if self._after[0] > now_ms:  # the wall clock was set back: rows become due before those already seen
            self.start_over()
        found: list[DuePair] = []
        while room > len(found):
            limit = min(_PAGE, room - len(found))
            page = await self._commits.submit(
                lambda _, after=self._after, limit=limit: self._store.backlog.agenda(after, now_ms, limit)
            )
            found += page
            if len(page) < limit:
                self._after = max(_START, (now_ms - _OVERLAP_MS, 0, 0))
                break
            self._after = page[-1].place
        return found

    async def _unpark(self) -> None:
        for _ in range(_UNPARK_PAGES):
            if self._unparked is None:
                return
            after = self._unparked
            last = await self._commits.submit(partial(self._unpark_page, after))
            if self._unparked == after:  # nobody started over meanwhile
                self._unparked = last
            self._after = _START

    def _unpark_page(self, after: Pair, _: sqlite3.Connection) -> Pair | None:
        return self._store.backlog.unpark(after, _UNPARK_PAGE)

    # -- written back ---------------------------------------------------------------------------------------------

    def put_off(self, pair: Pair, until_ms: int) -> None:
        """Nothing of the pair is to be looked at before."""
        self._put_off[pair] = until_ms

    def leave(self, pair: Pair) -> None:
        """Nothing of the pair is ready or due: look at it when its next recipient is due."""
        self._left.add(pair)

    def learn(self, domain: str, site: str, provider: str) -> None:
        """Where a domain's mail goes."""
        self._learned[domain] = (site, provider)

    async def write(self) -> None:
        """What was gathered. Raises StorageError; then all is written the next time."""
        if not (self._put_off or self._left or self._learned):
            return
        put_off, left, learned = self._put_off, self._left, self._learned
        self._put_off, self._left, self._learned = {}, set(), {}
        try:
            late = await self._commits.submit(lambda db: self._write(db, put_off, left, learned))
        except Exception:
            self._put_off, self._learned = put_off | self._put_off, learned | self._learned
            self._left |= left
            raise
        await self.watch_late(late)

    async def watch_late_of(self, pairs: list[Pair]) -> None:
        """As `watch_late`, for those of `pairs` that have somebody so late. Raises StorageError."""
        before_ms = self._clock.now_ms() - DELAY_MS
        for first in range(0, len(pairs), _PAGE):
            some = pairs[first : first + _PAGE]
            late = await self._commits.submit(lambda _, some=some: self._store.backlog.due_before(some, before_ms))
            await self.watch_late(late)

    async def watch_late(self, pairs: Iterable[Pair]) -> None:
        """Senders of these hear of the delay, if they are to: somebody has been due for long, unattempted."""
        for pair in pairs:
            after: tuple[int, int] | None = (-1, -1)
            while after is not None:
                after = await self._commits.submit(partial(self._watch_page, pair, after))

    def _watch_page(self, pair: Pair, after: tuple[int, int], db: sqlite3.Connection) -> tuple[int, int] | None:
        now_ms = self._clock.now_ms()
        rows = self._store.due_recipients(*pair, now_ms - DELAY_MS, after, _LATE_PAGE)
        owing.watch_late(db, [row for row in rows if is_late(row, now_ms)])
        return (rows[-1].next_ms, rows[-1].id) if len(rows) == _LATE_PAGE else None

    def _write(
        self, db: sqlite3.Connection, put_off: dict[Pair, int], left: set[Pair], learned: dict[str, tuple[str, str]]
    ) -> list[Pair]:
        """The pairs put off of which somebody has been due for long."""
        backlog = self._store.backlog
        backlog.learn((domain, *where) for domain, where in learned.items())
        now_ms = self._clock.now_ms()
        again = [(*pair, until_ms) for pair, until_ms in put_off.items()]
        for pair in left:
            due_ms = backlog.refresh(*pair)
            if due_ms is not None and due_ms <= now_ms:  # it came meanwhile, is about to expire, or is damaged
                again.append((*pair, now_ms + _SOON_MS))
                skip_orphans(self._store, db, *pair, now_ms)
        backlog.look_again(again)
        return backlog.due_before(put_off, now_ms - DELAY_MS)
