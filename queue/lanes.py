"""Lanes of the owner: for each (provider, source) its limits, permits, ready queues and transactions in flight.

Owns   Lane and its ready queues (one per site), and the choice of what leaves next.
Knows  nothing of rows or sockets. All methods are synchronous and in memory.

Invariants
    Q4  nothing is taken without a MAIL permit; one worker has a lane at a time.
    M1  a ready queue holds at most MAX_READY recipients.
"""

from collections import deque
from collections.abc import Callable

import msgspec

from ..mta.delivery.egress import LaneLimits
from .limits import EgressLimits
from .permits import Window
from .protocol import LaneKey, LaneNews, LaneSettings
from .routing import Source
from .transactions import Leased, Ready

MAX_READY = 1000
MAX_CONNECT_PERMITS = 4  # out with a worker at a time
_IN_FLIGHT_PER_CONNECTION = 8  # enough that a connection never waits for the owner, few enough to take back


class ReadyQueue:
    """Transactions of one site and source that wait for a slot."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.transactions: deque[Ready] = deque()
        self.recipients = 0

    def __repr__(self) -> str:
        return f"<ReadyQueue site={self.site} {self.recipients} ready>"

    @property
    def room(self) -> int:
        return MAX_READY - self.recipients

    def append(self, ready: Ready) -> None:
        self.transactions.append(ready)
        self.recipients += len(ready.recipients)

    def popleft(self) -> Ready:
        ready = self.transactions.popleft()
        self.recipients -= len(ready.recipients)
        return ready


class Past(msgspec.Struct):
    """MAILs and connects of an earlier owner, monotonic."""

    mails: list[float] = []
    connects: list[float] = []


class Lane:
    """One (provider, source)."""

    def __init__(self, key: LaneKey, source: Source, limits: EgressLimits) -> None:
        self.key = key
        self.source = source
        self.limits = limits
        self.mails = Window(limits.message_rates[0])
        self.connects = Window(limits.connection_rates[0])
        self.queues: dict[str, ReadyQueue] = {}
        self.in_flight = 0
        self.in_flight_at: dict[str, int] = {}
        self.worker: int | None = None  # slot of the worker that has this lane
        self.connections = 0  # sockets open, as last reported
        self._is_told = False  # its worker has these limits

    def __repr__(self) -> str:
        ready = sum(queue.recipients for queue in self.queues.values())
        return f"<Lane {self.key.provider} from {self.key.source}: {self.in_flight} leased, {ready} ready>"

    @property
    def cap(self) -> int:
        """How many transactions may be in flight: what can start within the next moments."""
        return self.limits.connections.value * _IN_FLIGHT_PER_CONNECTION

    @property
    def has_ready(self) -> bool:
        """Whether something waits in a ready queue of this lane."""
        return bool(self.queues) and any(queue.transactions for queue in self.queues.values())

    def is_idle(self, now: float) -> bool:
        """Whether the lane can be dropped: nothing under way, and windows that would start empty anyhow."""
        busy = self.in_flight or self.has_ready or self.connections
        return not busy and self.mails.is_quiet(now) and self.connects.is_quiet(now)

    def queue_for(self, site: str) -> ReadyQueue:
        queue = self.queues.get(site)
        if queue is None:
            queue = self.queues[site] = ReadyQueue(site)
        return queue

    def may_start(self, site: str, now: float, *, probed: bool) -> bool:
        """Whether one more transaction to the site may leave now, by slots and permits."""
        if self.in_flight >= self.cap or not self.mails.free(now):
            return False
        return not (probed and self.in_flight_at.get(site))

    def start(self, leased: Leased, now: float) -> None:
        """Count a transaction as in flight and take its MAIL permit; `may_start` answered True."""
        taken = self.mails.take(now)
        assert taken, "started without a permit"
        self.in_flight += 1
        self.in_flight_at[leased.ready.site] = self.in_flight_at.get(leased.ready.site, 0) + 1

    def end(self, leased: Leased, mails: tuple[float, ...]) -> None:
        """The transaction is over; `mails` are the moments at which MAIL left us."""
        self.in_flight -= 1
        self.mails.give_back(mails)
        site = leased.ready.site
        self.in_flight_at[site] -= 1
        if not self.in_flight_at[site]:
            del self.in_flight_at[site]

    def take_ready(self, now: float, may_try: Callable[[str], bool], is_probed: Callable[[str], bool]) -> list[Ready]:
        """What may leave now, one transaction a site in turn. The caller starts each before asking again."""
        for site in list(self.queues):
            queue = self.queues.pop(site)  # to the end of the turn
            if queue.transactions:
                self.queues[site] = queue
                if may_try(site) and self.may_start(site, now, probed=is_probed(site)):
                    return [queue.popleft()]
        return []

    def news(self, now: float) -> LaneSettings | None:
        """What its worker has to hear before the next transaction: nothing while it has all connect permits."""
        return None if self._is_told and self.connects.out >= self._most_permits else self.settings(now)

    def settings(self, now: float) -> LaneSettings:
        """The lane for its worker, topped up with connect permits."""
        source = self.source
        self._is_told = True
        return LaneSettings(
            self.key,
            source.address,
            source.ehlo,
            self._worker_limits(),
            self._grant(now),
            source.address6,
            source.ehlo6,
        )

    def _worker_limits(self) -> LaneLimits:
        return LaneLimits(
            max_connections=self.limits.connections.value,
            messages_per_connection=self.limits.messages_per_connection.value,
            idle_seconds=self.limits.idle_seconds.value,
            tls=self.limits.tls.level,
        )

    @property
    def _most_permits(self) -> int:
        return min(self.limits.connections.value, MAX_CONNECT_PERMITS)

    def _grant(self, now: float) -> int:
        wanted = max(0, self._most_permits - self.connects.out)
        granted = 0
        while granted < wanted and self.connects.take(now):
            granted += 1
        return granted

    def heard(self, news: LaneNews) -> None:
        """The worker used connect permits."""
        self.connections = news.connections
        for moment in news.connects:
            self.connects.give_back((moment,))

    def remember(self, past: Past, now: float) -> None:
        """What an earlier owner's workers did. Connect permits that were out at its end count as used now (Q4)."""
        for moment in past.mails:
            self.mails.record(moment)
        unreported = [now] * MAX_CONNECT_PERMITS if past.connects else []
        for moment in (*past.connects, *unreported):
            self.connects.record(moment)

    def worker_died(self, now: float) -> None:
        """Permits of a dead worker count as used at its death (Q4); its sockets are closed."""
        self.worker = None
        self.connections = 0
        self._is_told = False
        while self.connects.out:
            self.connects.give_back((now,))
