"""Expiry: recipients whose message's time is over come to their end, whatever they wait for.

Owns   the walk over messages by the end of their time, about once a second. Scheduled and held recipients end; one that
       is being attempted is looked at again until its lease has ended.
Knows  nothing of what rests, is stopped or paused: none of that keeps a recipient alive.

Invariants
    An operation looks at no more than _ROWS recipients and _MESSAGES messages. The place that the walk has reached
    outlives the process, so history is not walked again.
    A message that is committed a moment after its time was over is still seen: the walk begins a little before its
    place.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence

import msgspec

from ..mta.clock import Clock
from .endings import Endings
from .journal import Facts, JournalKind
from .states import Event, RecipientState
from .storage import expiry_rows
from .storage.database import StorageError
from .storage.expiry_rows import Place
from .storage.group_commit import GroupCommit
from .storage.store import QueueStore

_log = logging.getLogger("youtong.queue")
_TURN_SECONDS = 1.0
_MESSAGES = 100
_ROWS = 500
_OVERLAP_MS = 3000
_WAITING = (RecipientState.SCHEDULED, RecipientState.HELD)


class _Walk(msgspec.Struct, frozen=True):
    """Where an operation ended, and what it found. `recipient`: within the message after `reached`."""

    reached: Place
    recipient: int = 0
    is_over: bool = False
    leased: frozenset[int] = frozenset()  # messages with a recipient that is being attempted
    owed: frozenset[int] = frozenset()


class Expiry:
    def __init__(self, commits: GroupCommit, store: QueueStore, endings: Endings, clock: Clock) -> None:
        self._commits, self._store, self._endings, self._clock = commits, store, endings, clock
        self._reached: Place | None = None  # None: not read from the rows yet
        self._again: set[int] = set()  # messages walked while some recipient was being attempted

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.turn()
            except StorageError as error:
                _log.warning("expiry postponed error=%s", error)
            except Exception:  # noqa: BLE001 - the bulkhead of a turn: later messages expire, too
                _log.exception("internal fault in a turn of expiry")
            await asyncio.sleep(_TURN_SECONDS)

    async def turn(self) -> None:
        """End whoever's time is over. Raises StorageError; what was ended until then stays so."""
        now_ms = self._clock.now_ms()
        reached = self._reached if self._reached is not None else await self._commits.submit(expiry_rows.place)
        again, self._again = self._again, set()
        for message_id in again:
            await self._walk_message(message_id)
        walk = _Walk(min(reached, (now_ms - _OVERLAP_MS, 0)))
        while not walk.is_over:
            walk = await self._commits.submit(lambda db, walk=walk: self._page(db, walk, now_ms))
            self._note(walk)
        await self._keep(walk.reached)

    async def _walk_message(self, message_id: int) -> None:
        after = 0
        while True:
            rows, walk = await self._commits.submit(lambda db, after=after: self._end_page(db, message_id, after))
            self._note(walk)
            if len(rows) < _ROWS:
                return
            after = rows[-1]

    def _note(self, walk: _Walk) -> None:
        self._again |= walk.leased
        self._endings.tell(walk.owed)

    async def _keep(self, reached: Place) -> None:
        if reached != self._reached:
            await self._commits.submit(lambda db: expiry_rows.keep_place(db, reached))
            self._reached = reached

    # -- within an operation, which may run twice -----------------------------------------------------------------

    def _page(self, db: sqlite3.Connection, walk: _Walk, now_ms: int) -> _Walk:
        reached, after, looked = walk.reached, walk.recipient, 0
        leased: frozenset[int] = frozenset()
        owed: frozenset[int] = frozenset()
        messages = expiry_rows.expired_messages(db, reached, now_ms, _MESSAGES)
        for message in messages:
            rows, found = self._end_page(db, message[1], after)
            leased, owed, looked = leased | found.leased, owed | found.owed, looked + len(rows)
            if len(rows) == _ROWS:
                return _Walk(reached, rows[-1], leased=leased, owed=owed)
            reached, after = message, 0
            if looked >= _ROWS:
                return _Walk(reached, leased=leased, owed=owed)
        return _Walk(reached, is_over=len(messages) < _MESSAGES, leased=leased, owed=owed)

    def _end_page(self, db: sqlite3.Connection, message_id: int, after: int) -> tuple[Sequence[int], _Walk]:
        """Recipients of a message that were looked at, and what was found among them."""
        rows = expiry_rows.recipients(db, message_id, after, _ROWS)
        owed: set[int] = set()
        for state in _WAITING:
            waiting = self._store.waiting_rows([id_ for id_, now in rows if now is state])
            owed |= self._endings.record(waiting, state, Event.EXPIRE, JournalKind.EXPIRED, Facts())
        is_leased = any(state is RecipientState.LEASED for _, state in rows)
        leased = frozenset({message_id} if is_leased else ())
        return [id_ for id_, _ in rows], _Walk((0, 0), leased=leased, owed=frozenset(owed))
