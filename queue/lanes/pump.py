"""The pump: empties ready transactions into leases, as far as limits let them start.

Owns   which lanes are worth a look (something became ready, an attempt ended, a time has come), the timer, and the
       operation that leases: every recipient past the gate, its row, its content.
Knows  no worker: what is leased is confirmed to, or abandoned with, who starts leases (`Starter`).

Invariants
    Q2, Q6 as in queue.lanes.leasing. Only lanes that were touched are looked at: a report costs its lane, not all.
"""

import asyncio
import heapq
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec
from msgspec.structs import replace

from ...mta.clock import Clock
from ..contents.content import StoredContent
from ..endings import Endings
from ..gate import Candidate, GateDecision, Hold, LeaseGate, Send, Skip, Wait
from ..journal import Facts, JournalKind
from ..protocol import LaneKey
from ..states import Event, RecipientState
from ..storage.database import StorageError
from ..storage.group_commit import GroupCommit
from ..storage.rows import LeasedRow
from ..storage.store import QueueStore
from ..streams.revisions import Letter, Revisions
from ..transactions import Leased, MessageFacts, Ready, Waiting, candidate
from .lanes import Lane
from .ready import ReadyBook

_log = logging.getLogger("youtong.queue")
_FAULT_SECONDS = 1.0
_MAX_TRANSACTIONS = 200  # in one leasing operation
_LEAST_SECONDS = 0.01


class Starter(Protocol):
    """Leasing, as the pump needs it."""

    open: bool
    lanes: dict[LaneKey, Lane]
    ready: ReadyBook

    @property
    def has_room(self) -> bool:
        """Whether memory lets another transaction be in flight."""
        ...

    def next_of(self, lane: Lane, now: float) -> Leased | None:
        """The lane's next transaction, started."""
        ...

    def confirm(self, leased: Leased) -> None: ...

    def abandon(self, leased: Leased) -> None: ...


class _Written(msgspec.Struct):
    """What a leasing operation did: of each transaction who is leased, with what; messages that owe a notice."""

    leased: list[tuple[list[Waiting], StoredContent | None, Letter | None]] = []
    owed: set[int] = set()


class Pump:
    """Used from the event loop only."""

    def __init__(
        self,
        starter: Starter,
        commits: GroupCommit,
        store: QueueStore,
        gate: LeaseGate,
        endings: Endings,
        revisions: Revisions,
        clock: Clock,
    ) -> None:
        self._starter, self._commits, self._store, self._revisions = starter, commits, store, revisions
        self._gate, self._endings, self._clock = gate, endings, clock
        self._touched: dict[LaneKey, Lane] = {}
        self._times: list[tuple[float, LaneKey]] = []  # when to look at a lane again
        self._again_at: dict[LaneKey, float] = {}  # … the soonest of each
        self._timer: asyncio.TimerHandle | None = None
        self.running: asyncio.Task[None] | None = None

    def touch(self, lane: Lane) -> None:
        """Something about the lane has changed that may let a transaction start; `go` follows."""
        if lane.ready:
            self._touched[lane.key] = lane

    def touch_all(self) -> None:
        for lane in self._starter.lanes.values():
            self.touch(lane)

    def go(self) -> None:
        """Lease what may start on the lanes that were touched."""
        if self._touched and self._starter.open and self.running is None:
            self.running = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._touched and self._starter.open and (batch := self._pick()):
                await self._lease(batch)
        except Exception:  # noqa: BLE001 - the bulkhead of the pump: the next touch goes on
            _log.exception("internal fault while leasing")
        finally:
            self.running = None
            self._set_timer()

    def _pick(self) -> list[Leased]:
        now = self._clock.monotonic()
        batch: list[Leased] = []
        while self._touched and len(batch) < _MAX_TRANSACTIONS and self._starter.has_room:
            key, lane = next(iter(self._touched.items()))
            leased = self._starter.next_of(lane, now)
            if leased is not None:
                batch.append(leased)
                continue
            del self._touched[key]
            if lane.ready:
                self._look_again(lane, now + max(_LEAST_SECONDS, lane.next_try_seconds(now)))
        return batch

    # -- time -----------------------------------------------------------------------------------------------------

    def _look_again(self, lane: Lane, at: float) -> None:
        known = self._again_at.get(lane.key)
        if known is None or at < known:
            self._again_at[lane.key] = at
            heapq.heappush(self._times, (at, lane.key))

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._times and self._starter.open:
            wait = max(_LEAST_SECONDS, self._times[0][0] - self._clock.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._time_has_come)

    def _time_has_come(self) -> None:
        now = self._clock.monotonic()
        while self._times and self._times[0][0] <= now + _LEAST_SECONDS:
            at, key = heapq.heappop(self._times)
            if self._again_at.get(key) == at:
                del self._again_at[key]
                if (lane := self._starter.lanes.get(key)) is not None:
                    self.touch(lane)
        self.go()
        if self.running is None:
            self._set_timer()

    # -- leasing --------------------------------------------------------------------------------------------------

    async def _lease(self, batch: list[Leased]) -> None:
        try:
            written = await self._commits.submit(lambda db: self._record(db, batch))
        except StorageError as error:
            _log.error("lease failed error=%s", error)
            await self._put_back(batch)
            return
        except Exception:  # noqa: BLE001 - the bulkhead of a batch (Q7): its permits must come back
            _log.exception("internal fault while leasing")
            await self._put_back(batch)
            return
        self._endings.tell(written.owed)
        for leased, (recipients, content, letter) in zip(batch, written.leased, strict=True):
            self._starter.ready.leave(leased.ready, leased.lane.provider)
            leased.ready.recipients, leased.content = recipients, content
            if letter is not None:
                leased.ready.message, leased.date_ms = letter.message, letter.date_ms
            if recipients:
                self._starter.confirm(leased)
            else:
                self._starter.abandon(leased)

    async def _put_back(self, batch: list[Leased]) -> None:
        for leased in batch:
            self._starter.ready.leave(leased.ready, leased.lane.provider)
            self._starter.abandon(leased)
            lane = self._starter.lanes[leased.lane]
            lane.ready.append(leased.ready)
            self.touch(lane)
        await asyncio.sleep(_FAULT_SECONDS)

    def _record(self, db: sqlite3.Connection, batch: Sequence[Leased]) -> "_Written":
        """May run twice: changes nothing but the database."""
        written = _Written()
        contents: dict[int, StoredContent | None] = {}
        for leased, decisions in zip(batch, self.decide([each.ready for each in batch]), strict=True):
            recipients = self._lease_one(leased, decisions, written.owed)
            letter = self._letter(db, leased.ready.message, recipients)
            message = leased.ready.message if letter is None else letter.message
            content = self._content(message.content_id, contents) if recipients else None
            written.leased.append((recipients, content, letter))
        return written

    def _letter(self, db: sqlite3.Connection, message: MessageFacts, recipients: Sequence[Waiting]) -> Letter | None:
        """Of a stream's recipients; the loader puts several together only for their first attempt."""
        if not (message.stream_id and recipients):
            return None
        first = recipients[0]
        return self._revisions.letter(db, message, first.attempts, first.journal_seq, self._clock.now_ms())

    def decide(self, batch: Iterable[Ready]) -> list[Sequence[GateDecision]]:
        """What the gate says of each transaction's recipients; it is asked once for all."""
        asked: list[Candidate] = []
        lengths: list[int] = []
        for ready in batch:
            asked += [candidate(ready.message, each.address) for each in ready.recipients]
            lengths.append(len(ready.recipients))
        said = self._gate.decide(asked)
        if len(lengths) == 1:
            return [said]
        ends = [sum(lengths[: at + 1]) for at in range(len(lengths))]
        return [said[end - length : end] for end, length in zip(ends, lengths, strict=True)]

    def _lease_one(self, leased: Leased, decisions: Sequence[GateDecision], owed: set[int]) -> list[Waiting]:
        wanted = self._pass_gate(leased, decisions, owed)
        got = self._store.lease([each.id for each in wanted], leased.token)
        return [_with_history(each, got[each.id]) for each in wanted if each.id in got]

    def _content(self, content_id: int, known: dict[int, StoredContent | None]) -> StoredContent | None:
        """One object for all transactions of a content."""
        if content_id not in known:
            known[content_id] = self._sound_content(content_id)
        return known[content_id]

    def _sound_content(self, content_id: int) -> StoredContent | None:
        try:
            return self._store.content(content_id)
        except (ValueError, TypeError):  # its recipients are skipped, as those whose content is gone
            _log.error("a damaged row: nobody can say what this content is content=%d", content_id)
            return None

    def _pass_gate(self, leased: Leased, decisions: Sequence[GateDecision], owed: set[int]) -> list[Waiting]:
        passed: list[Waiting] = []
        for each, decision in zip(leased.ready.recipients, decisions, strict=True):
            match decision:
                case Send():
                    passed.append(each)
                case Skip(reason=reason):
                    owed |= self._stop(leased.row(each), Event.SKIP, JournalKind.SKIPPED, reason)
                case Hold(reason=reason):
                    owed |= self._stop(leased.row(each), Event.HOLD, JournalKind.HELD, reason)
                case Wait():
                    pass  # still scheduled and due: the loader finds it again in a second
        return passed

    def _stop(self, row: LeasedRow, event: Event, kind: JournalKind, reason: str) -> set[int]:
        return self._endings.record([row], RecipientState.SCHEDULED, event, kind, Facts(reason=reason))


def _with_history(each: Waiting, seq: int) -> Waiting:
    """Somebody may have written into its history (a flush, a notice of delay) while it was ready."""
    return each if each.journal_seq == seq else replace(each, journal_seq=seq)
