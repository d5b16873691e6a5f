"""Leasing: from ready to leased, for as much as may start now.

Owns   the owner's lanes, the lease tokens, the reservation of a fresh message's lease, and the pump that empties ready
       queues into workers.
Knows  nothing of how a worker is reached (`Fleet`) or of outcomes (`queue.settling`).

Invariants
    Q2  a lease is committed before its transaction is handed over; its token names the incarnation that gets it.
    Q6  every recipient passes the LeaseGate right before its lease.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
from msgspec.structs import replace

from ..mta.clock import Clock
from .content import StoredContent
from .endings import Endings
from .figures import Figures
from .gate import GateDecision, Hold, LeaseGate, Send, Skip
from .in_force import limits_in_force
from .incarnation import token_of
from .journal import Facts, JournalKind
from .lanes import Lane
from .limits import LimitSource
from .past import Past
from .protocol import LaneKey, LaneNews, LaneSettings
from .routing import RouteSource, Source
from .sites import Sites
from .states import Event, RecipientState
from .storage.database import StorageError
from .storage.group_commit import GroupCommit
from .storage.rows import LeasedRow
from .storage.store import QueueStore
from .suspensions import Suspensions
from .transactions import Leased, MessageFacts, Ready, Waiting, candidate

_log = logging.getLogger("youtong.queue")
MAX_IN_FLIGHT_BYTES = 96 * 1024 * 1024  # of content; a larger message goes alone
_FAULT_SECONDS = 1.0
DROPPED = 1  # the number of a Forget whose lanes the owner has no more; moves count from there on
_MAX_PUMP = 200  # transactions in one leasing operation


class Fleet(Protocol):
    """The workers, as leasing needs them."""

    def assign(self) -> int | None:
        """The slot of the least loaded living worker."""
        ...

    def incarnation(self, slot: int) -> int | None:
        """The incarnation that lives in a slot; None while it starts anew."""
        ...

    def hand_over(self, slot: int, lane: Lane, leased: Leased) -> None: ...

    def update(self, slot: int, settings: LaneSettings) -> None:
        """New limits or permits for a lane that the slot has."""
        ...

    def forget(self, lanes: Sequence[tuple[int, LaneKey]], number: int = 0) -> None:
        """Lanes by slot that the worker is to give up; its last news of each says `number`."""
        ...

    def recall(self, tokens: list[int]) -> None:
        """Ask for these leases back; those that have not started come as returned."""
        ...

    def slots(self) -> Sequence[int]:
        """Slots whose worker lives and takes leases."""
        ...


class _Written(msgspec.Struct):
    """What a leasing operation did: of each transaction who is leased, and the content; messages that owe a notice."""

    leased: list[tuple[list[Waiting], StoredContent | None]] = []
    owed: set[int] = set()


class Leasing:
    """Used from the event loop only."""

    def __init__(
        self,
        commits: GroupCommit,
        store: QueueStore,
        sites: Sites,
        limits: LimitSource,
        routes: RouteSource,
        gate: LeaseGate,
        endings: Endings,
        fleet: Fleet,
        clock: Clock,
        book: Suspensions | None = None,
    ) -> None:
        self._commits, self._store, self._sites, self._limits = commits, store, sites, limits
        self._routes, self._gate, self._endings, self._fleet, self._clock = routes, gate, endings, fleet, clock
        self.book = book if book is not None else Suspensions()
        self.lanes: dict[LaneKey, Lane] = {}
        self._granting: set[LaneKey] = set()  # lanes whose next connect permit a timer brings
        self.closed: Callable[[Lane, int], None] = lambda _lane, _number: None  # told when a worker gave a lane up
        self.in_flight: dict[int, Leased] = {}
        self.figures = Figures()
        self._by_provider: dict[str, list[Lane]] = {}
        self.history: dict[LaneKey, Past] = {}  # what earlier owners' workers did
        self.recovered: dict[str, list[float]] = {}  # MAILs of recovered leases by domain: their lane is not known
        self._recovered_in: set[tuple[LaneKey, str]] = set()  # lanes that have counted them
        self._tokens = 0
        self._bytes = 0
        self._pumping: asyncio.Task[None] | None = None
        self._again = False
        self._timer: asyncio.TimerHandle | None = None
        self.open = False

    # -- lanes ----------------------------------------------------------------------------------------------------

    def lane_for(self, message: MessageFacts, provider: str, domain: str) -> Lane:
        """The lane on which this message goes to a domain of this provider."""
        source = self._routes.source_for(message.account_id, message.mail_class, provider, message.source)
        key = LaneKey(provider, source.name)
        lane = self.lane_of(key, source)
        if self.recovered and domain in self.recovered and (key, domain) not in self._recovered_in:
            self._recovered_in.add((key, domain))  # each lane that the domain's mail may have taken counts it
            lane.remember(Past(recovered=self.recovered[domain]))
        return lane

    def lane_of(self, key: LaneKey, source: Source) -> Lane:
        """The lane of that key, made when there is none."""
        return self.lanes.get(key) or self._new_lane(key, source)

    def _new_lane(self, key: LaneKey, source: Source) -> Lane:
        force = limits_in_force(self._limits, self.book, *key_pair(key))
        lane = self.lanes[key] = Lane(key, source, force.limits)
        if force.sites or force.senders:
            lane.apply(force, self._clock.monotonic())
        self._by_provider.setdefault(key.provider, []).append(lane)
        lane.remember(self.history.pop(key, Past()))
        return lane

    def reshape(self) -> None:
        """The rules or the book have changed: every lane gets its limits anew, and its worker hears of them.

        What has not started comes back: it was leased by other limits.
        """
        now = self._clock.monotonic()
        changed = {lane.key for lane in self.lanes.values() if self._apply(lane, now)}
        self._fleet.recall([token for token, leased in self.in_flight.items() if leased.lane in changed])
        self.wake()

    def _apply(self, lane: Lane, now: float) -> bool:
        force = limits_in_force(self._limits, self.book, *key_pair(lane.key))
        if not lane.apply(force, now):
            return False
        if lane.worker is not None and self._fleet.incarnation(lane.worker) is not None:
            self._fleet.update(lane.worker, lane.settings(now))
        return True

    def past(self, key: LaneKey) -> Past:
        """What is known of a lane before this owner's life, to be added to."""
        return self.history.setdefault(key, Past())

    def lanes_of(self, provider: str) -> Sequence[Lane]:
        """The lanes to a provider, one a source."""
        return self._by_provider.get(provider, ())

    def _slot_of(self, lane: Lane) -> int | None:
        if lane.worker is None:
            lane.worker = self._fleet.assign()
        return lane.worker if lane.worker is not None and self._fleet.incarnation(lane.worker) else None

    def _next_token(self, slot: int) -> int:
        incarnation = self._fleet.incarnation(slot)
        assert incarnation is not None
        self._tokens += 1
        return token_of(incarnation, self._tokens)

    def heard(self, news: LaneNews) -> None:
        """What a worker's lane did. News of a lane that was dropped here say nothing of one made anew."""
        lane = self.lanes.get(news.key)
        if lane is None:
            return
        if news.forgotten == DROPPED:
            for moment in news.connects:
                lane.connects.record(moment)
            return
        lane.heard(news)
        if news.forgotten:
            self.closed(lane, news.forgotten)
        elif news.wants_connect:
            self.grant_connects(lane)

    def grant_connects(self, lane: Lane) -> None:
        """The lane's worker wants to connect and has no permit: pass one on, now or when time frees it."""
        now = self._clock.monotonic()
        self._granting.discard(lane.key)
        if self.lanes.get(lane.key) is not lane or lane.is_moving:
            return
        if lane.worker is None or self._fleet.incarnation(lane.worker) is None:
            return
        if lane.connects.free(now):
            self._fleet.update(lane.worker, lane.settings(now))
        elif not lane.connects.out and lane.key not in self._granting:
            self._granting.add(lane.key)
            wait = lane.connects.next_free_seconds(now) or 0.05
            asyncio.get_running_loop().call_later(wait, self.grant_connects, lane)

    def forget_idle_lanes(self) -> None:
        """Lanes cost memory here and in their worker; those without work go, and are made anew when needed."""
        now = self._clock.monotonic()
        idle = [lane for lane in self.lanes.values() if lane.is_idle(now)]
        for lane in idle:
            del self.lanes[lane.key]
            self._by_provider[lane.key.provider].remove(lane)
            if not self._by_provider[lane.key.provider]:
                del self._by_provider[lane.key.provider]
        self.figures.forget([lane.key for lane in idle])
        self._fleet.forget([(lane.worker, lane.key) for lane in idle if lane.worker is not None], DROPPED)

    def worker_died(self, slot: int) -> None:
        """Its lanes go to whoever is assigned next."""
        for lane in self.lanes.values():
            if lane.worker == slot:
                lane.worker_died(self._clock.monotonic())

    # -- a fresh message ------------------------------------------------------------------------------------------

    def reserve(self, lane: Lane, ready: Ready, content: StoredContent) -> Leased | None:
        """A lease for a message that is about to be inserted, if it may start at once and nothing waits before it.

        The caller inserts its recipients as leased, then calls `confirm` after the commit or `abandon` if it failed.
        """
        if not self.open or lane.has_ready or self._sites.site_rest(ready.site):
            return None
        now = self._clock.monotonic()
        if not self._has_room(ready) or not lane.may_start(ready.site, now, probed=self._sites.is_probed(ready.site)):
            return None
        if not all(isinstance(decision, Send) for decision in self._decide(ready)):
            return None
        slot = self._slot_of(lane)
        return self._start(lane, slot, ready, content) if slot is not None else None

    def confirm(self, leased: Leased) -> None:
        """The lease is committed: hand it over. If its worker died meanwhile, recovery has or will have it."""
        lane = self.lanes[leased.lane]
        if lane.worker is not None and leased.token in self.in_flight:
            self._fleet.hand_over(lane.worker, lane, leased)

    def abandon(self, leased: Leased) -> None:
        """The lease was never committed."""
        self.end(leased.token, ())

    def _start(self, lane: Lane, slot: int, ready: Ready, content: StoredContent | None) -> Leased:
        now = self._clock.monotonic()
        leased = Leased(self._next_token(slot), lane.key, ready, content, now)
        lane.start(leased, now)
        self.in_flight[leased.token] = leased
        self._bytes += leased.in_flight_bytes()
        return leased

    def end(self, token: int, mails: tuple[float, ...]) -> Leased | None:
        """A transaction is no longer in flight; None when it was not."""
        leased = self.in_flight.pop(token, None)
        if leased is not None:
            self.lanes[leased.lane].end(leased, mails)
            self._bytes -= leased.in_flight_bytes()
        return leased

    def _has_room(self, ready: Ready) -> bool:
        return not self._bytes or self._bytes + ready.message.size_bytes <= MAX_IN_FLIGHT_BYTES

    def _decide(self, ready: Ready) -> list[GateDecision]:
        return list(self._gate.decide([candidate(ready.message, each.address) for each in ready.recipients]))

    # -- the pump -------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something changed: a permit came back, something became ready, a worker said hello."""
        if not self.open:
            return
        if self._pumping is not None:
            self._again = True
        elif any(lane.has_ready for lane in self.lanes.values()):
            self._pumping = asyncio.get_running_loop().create_task(self._pump())

    async def _pump(self) -> None:
        try:
            while True:
                self._again = False
                batch = self._pick()
                if batch:
                    await self._lease(batch)
                elif not self._again:
                    return
        finally:
            self._pumping = None
            self._set_timer()

    def _pick(self) -> list[Leased]:
        now = self._clock.monotonic()
        batch: list[Leased] = []
        for lane in list(self.lanes.values()):
            if lane.has_ready:
                self._pick_from(lane, now, batch)
        return batch

    def _pick_from(self, lane: Lane, now: float, batch: list[Leased]) -> None:
        slot = self._slot_of(lane)
        while slot is not None and len(batch) < _MAX_PUMP and self._bytes < MAX_IN_FLIGHT_BYTES:
            taken = lane.take_ready(now, self._may_try, self._sites.is_probed)
            if not taken:
                return
            batch.extend(self._start(lane, slot, ready, None) for ready in taken)

    def _may_try(self, site: str) -> bool:
        return self._sites.site_rest(site) is None

    async def _lease(self, batch: list[Leased]) -> None:
        try:
            written = await self._commits.submit(lambda _: self._record(batch))
        except StorageError as error:
            _log.error("lease failed error=%s", error)
            await self._put_back(batch)
            return
        except Exception:  # noqa: BLE001 - the bulkhead of a batch (Q7): its permits must come back
            _log.exception("internal fault while leasing")
            await self._put_back(batch)
            return
        self._endings.tell(written.owed)
        for leased, (leased.ready.recipients, leased.content) in zip(batch, written.leased, strict=True):
            if leased.ready.recipients:
                self.confirm(leased)
            else:
                self.abandon(leased)

    async def _put_back(self, batch: list[Leased]) -> None:
        for leased in batch:
            self.abandon(leased)
            self.lanes[leased.lane].queue_for(leased.ready.site).append(leased.ready)
        await asyncio.sleep(_FAULT_SECONDS)

    def _record(self, batch: list[Leased]) -> "_Written":
        """May run twice: changes nothing but the database."""
        written = _Written()
        contents: dict[int, StoredContent | None] = {}
        for leased in batch:
            recipients = self._lease_one(leased, written.owed)
            content = self._content(leased.ready.message.content_id, contents) if recipients else None
            written.leased.append((recipients, content))
        return written

    def _lease_one(self, leased: Leased, owed: set[int]) -> list[Waiting]:
        wanted = self._pass_gate(leased, owed)
        got = self._store.lease([each.id for each in wanted], leased.token)
        return [_with_history(each, got[each.id]) for each in wanted if each.id in got]

    def _content(self, content_id: int, known: dict[int, StoredContent | None]) -> StoredContent | None:
        """One object for all transactions of a content."""
        if content_id not in known:
            known[content_id] = self._store.content(content_id)
        return known[content_id]

    def _pass_gate(self, leased: Leased, owed: set[int]) -> list[Waiting]:
        passed: list[Waiting] = []
        for each, decision in zip(leased.ready.recipients, self._decide(leased.ready), strict=True):
            match decision:
                case Send():
                    passed.append(each)
                case Skip(reason=reason):
                    owed |= self._stop(leased.row(each), Event.SKIP, JournalKind.SKIPPED, reason)
                case Hold(reason=reason):
                    owed |= self._stop(leased.row(each), Event.HOLD, JournalKind.HELD, reason)
        return passed

    def _stop(self, row: LeasedRow, event: Event, kind: JournalKind, reason: str) -> set[int]:
        return self._endings.record([row], RecipientState.SCHEDULED, event, kind, Facts(reason=reason))

    def _set_timer(self) -> None:
        """Come back when time alone frees a permit or ends a rest."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock.monotonic()
        waits = [wait for lane in self.lanes.values() if lane.queues for wait in self._waits(lane, now)]
        if waits and self.open:
            self._timer = asyncio.get_running_loop().call_later(max(0.01, min(waits)), self.wake)

    def _waits(self, lane: Lane, now: float) -> list[float]:
        rate = lane.mails.next_free_seconds(now)
        rests = [rest.until - now for site in lane.queues if (rest := self._sites.site_rest(site))]
        return [*([rate] if rate else []), *rests]


def _with_history(each: Waiting, seq: int) -> Waiting:
    """Somebody may have written into its history (a flush, a notice of delay) while it was in a ready queue."""
    return each if each.journal_seq == seq else replace(each, journal_seq=seq)


def key_pair(key: LaneKey) -> tuple[str, str]:
    return key.provider, key.source
