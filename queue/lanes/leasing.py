"""Leasing: from ready to leased, for as much as may start now.

Owns   the owner's lanes, the lease tokens, what is in flight, and the reservation of a fresh message's lease. What is
       ready queue.lanes.pump empties into leases.
Knows  nothing of how a worker is reached (`Fleet`) or of outcomes (`queue.settling`).

Invariants
    Q2  a lease is committed before its transaction is handed over; its token names the incarnation that gets it.
    Q6  every recipient passes the LeaseGate right before its lease.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from ...mta.clock import Clock
from ..contents.content import StoredContent
from ..endings import Endings
from ..flows import Flow
from ..gate import LeaseGate, Send
from ..incarnation import incarnation_of, token_of
from ..limits import LimitSource
from ..pace.in_force import Slowed, limits_in_force, slowed_now
from ..pace.past import Past
from ..pace.suspensions import Suspension, Suspensions
from ..protocol import LaneKey, LaneNews, LaneSettings
from ..routing import RouteSource, Source
from ..sites import Sites
from ..storage.backlog import Pair
from ..storage.group_commit import GroupCommit
from ..storage.store import QueueStore
from ..streams.revisions import Revisions
from ..transactions import Leased, MessageFacts, Ready
from .lanes import Lane
from .pump import Pump
from .ready import ReadyBook

MAX_IN_FLIGHT_BYTES = 96 * 1024 * 1024  # of content; a larger message goes alone
DROPPED = 1  # the number of a Forget whose lanes the owner has no more; moves count from there on


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
        self.revisions = Revisions()
        self.figures = endings.figures
        self._by_provider: dict[str, list[Lane]] = {}
        self.history: dict[LaneKey, Past] = {}  # what earlier owners' workers did
        self.recovered: dict[str, list[float]] = {}  # MAILs of recovered leases by domain: their lane is not known
        self._recovered_in: set[tuple[LaneKey, str]] = set()  # lanes that have counted them
        self._tokens = 0
        self._bytes = 0
        self.ready = ReadyBook()
        self._pump = Pump(self, commits, store, gate, endings, self.revisions, clock)
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
        force = limits_in_force(self._limits, self.book, slowed_now(self.book), *key_pair(key))
        lane = self.lanes[key] = Lane(key, source, force.limits, self.ready)
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
        slowed = slowed_now(self.book)
        changed = {lane.key for lane in self.lanes.values() if self._apply(lane, slowed, now)}
        self._fleet.recall([token for token, leased in self.in_flight.items() if leased.lane in changed])
        self.wake()

    def _apply(self, lane: Lane, slowed: Slowed, now: float) -> bool:
        force = limits_in_force(self._limits, self.book, slowed, *key_pair(lane.key))
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
        """A lease for a message that is about to be inserted, if it may start at once and nothing waits before it:
        for an urgent one no other urgent one, for bulk nothing at all.

        The caller inserts its recipients as leased, then calls `confirm` after the commit or `abandon` if it failed.
        """
        flow = ready.message.flow
        if not self.open or lane.ready.has(urgent=True) or (lane.ready and not flow.is_urgent):
            return None
        if not self._has_room(ready) or not self._may_try(ready) or self._stops(ready, lane.key):
            return None
        probed, sender = self._sites.is_probed(ready.site), flow.key.sender_domain
        if not lane.may_start(
            ready.site, self._clock.monotonic(), probed=probed, sender=sender, urgent=flow.is_urgent
        ) or not all(isinstance(decision, Send) for decision in self._pump.decide([ready])[0]):
            return None
        slot = self._slot_of(lane)
        return self._start(lane, slot, ready, content) if slot is not None else None

    def confirm(self, leased: Leased) -> None:
        """The lease is committed: hand it over. If its worker died meanwhile, recovery has or will have it."""
        lane = self.lanes[leased.lane]
        if lane.worker is None or leased.token not in self.in_flight:
            return
        if self._fleet.incarnation(lane.worker) == incarnation_of(leased.token):
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
            lane = self.lanes[leased.lane]
            lane.end(leased, mails)
            self._pump.touch(lane)
            self._bytes -= leased.in_flight_bytes()
        return leased

    def add_ready(self, lane: Lane, ready: Ready) -> None:
        """It waits for its turn on the lane; `go_on` follows."""
        lane.ready.append(ready)
        self._pump.touch(lane)

    def drop_ready(self, goes: Callable[[Ready], bool]) -> set[Pair]:
        """Take ready transactions out; the pairs that they were of, whose recipients are only scheduled rows again."""
        dropped: set[Pair] = set()
        for lane in self.lanes.values():
            if lane.ready:
                dropped.update(ready.pair for ready in lane.ready.remove(goes))
        return dropped

    def _may_try(self, ready: Ready) -> bool:
        return self._sites.site_rest(ready.site) is None

    def _has_room(self, ready: Ready) -> bool:
        return not self._bytes or self._bytes + ready.message.size_bytes <= MAX_IN_FLIGHT_BYTES

    # -- the pump -------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something general has changed: a worker said hello, limits are others. All lanes are looked at."""
        self._pump.touch_all()
        self._pump.go()

    def go_on(self) -> None:
        """Something changed on some lanes (what became ready, or ended, says so itself)."""
        self._pump.go()

    @property
    def pumping(self) -> "asyncio.Task[None] | None":
        """What leases this moment."""
        return self._pump.running

    @property
    def has_room(self) -> bool:
        return self._bytes < MAX_IN_FLIGHT_BYTES

    def next_of(self, lane: Lane, now: float) -> Leased | None:
        """The lane's next transaction that may start, in flight from now on, its lease not yet committed."""
        slot = self._slot_of(lane)
        if slot is None:
            return None
        ready = lane.take_ready(now, self._may_try, self._sites.is_probed)
        return self._start(lane, slot, ready, None) if ready is not None else None

    # -- what is stopped ------------------------------------------------------------------------------------------

    def stop_of(self, flow: Flow, key: LaneKey, site: str, domain: str) -> Suspension | None:
        """What stops this mail now."""
        if not self.book:
            return None
        provider, source = key_pair(key)
        return (
            self.book.of_lane(provider, source) or self.book.of_place(site, domain) or self.book.of_flow(flow, provider)
        )

    def _stops(self, ready: Ready, key: LaneKey) -> bool:
        return self.stop_of(ready.message.flow, key, ready.site, ready.domain) is not None

    def drop_stopped(self) -> set[Pair]:
        """What is stopped leaves the ready transactions (its pairs are told), and unstarted leases are asked back."""
        dropped: set[Pair] = set()
        if self.book:
            for lane in self.lanes.values():
                removed = lane.ready.remove(lambda ready, key=lane.key: self._stops(ready, key)) if lane.ready else ()
                dropped.update(ready.pair for ready in removed)
            self._fleet.recall([each.token for each in self.in_flight.values() if self._stops(each.ready, each.lane)])
        return dropped


def key_pair(key: LaneKey) -> tuple[str, str]:
    return key.provider, key.source
