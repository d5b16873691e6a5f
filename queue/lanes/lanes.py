"""Lanes of the owner: for each (provider, source) its limits, permits, ready transactions and those in flight.

Owns   Lane: whether another transaction may leave now. In which order they do is queue.ready's.
Knows  nothing of rows or sockets. All methods are synchronous and in memory.

Invariants
    Q4  nothing is taken without a MAIL permit; one worker has a lane at a time.
    B6  bulk leaves a share of connections and rates free for people's and transactional mail (queue.pace.reserve),
        which is handed over even when as much as usual is in flight.
"""

from collections.abc import Callable

from ...mta.delivery.egress import LaneLimits
from ..limits import EgressLimits, RateLimit, SiteLimits
from ..pace.ceiling import Ceiling, ceiling
from ..pace.in_force import InForce
from ..pace.paces import IN_FLIGHT_PER_CONNECTION, Paces
from ..pace.past import EXACT_SECONDS, Past
from ..pace.reserve import bulk_distance_seconds, reserved_connections
from ..pace.suspensions import Suspension
from ..pace.windows import Windows
from ..protocol import LaneKey, LaneNews, LaneSettings
from ..routing import Source
from ..transactions import Leased, Ready
from .ready import LaneReady, ReadyBook

MAX_CONNECT_PERMITS = 4  # out with a worker at a time
URGENT_BEYOND_CAP = 4  # transactions of people that are handed over though enough of others is in flight
_UNKNOWN_SECONDS = 1.0


class Lane:
    """One (provider, source)."""

    def __init__(self, key: LaneKey, source: Source, limits: EgressLimits, book: ReadyBook | None = None) -> None:
        self.key = key
        self.source = source
        self.limits = limits
        self._force = InForce(limits)
        self.mails = Windows(limits.message_rates)
        self.connects = Windows(limits.connection_rates)
        self.sites = Paces(limits.site, self._inherit)
        self.senders = Paces(SiteLimits())  # only those that a reaction slows
        self.behind: set[LaneKey] = set()  # lanes that have sockets to sites which are ours now: they close first
        self._past = Past()
        self._forebears: list[Windows] = []  # MAILs of lanes that had sites of ours
        self.ready = LaneReady(key.provider, book)
        self._last_bulk = float("-inf")
        self.in_flight = 0
        self.in_flight_at: dict[str, int] = {}
        self.worker: int | None = None  # slot of the worker that has this lane
        self.connections = 0  # sockets open, as last reported
        self.wants_connect = False  # its worker was refused a connect for lack of permits
        self.is_moving = False  # nothing is started while it goes to another worker (queue.lanes.moving)
        self.ended = 0  # transactions, for its load
        self._is_told = False  # its worker has these limits
        self._must_revoke = False  # connect permits of other limits are out
        self._look_at_limits()

    def __repr__(self) -> str:
        return f"<Lane {self.key.provider} from {self.key.source}: {self.in_flight} leased, {self.ready!r}>"

    @property
    def key_pair(self) -> tuple[str, str]:
        return self.key.provider, self.key.source

    @property
    def cap(self) -> int:
        """How many transactions may be in flight: what can start within the next moments."""
        return self.limits.connections.value * IN_FLIGHT_PER_CONNECTION

    @property
    def has_ready(self) -> bool:
        """Whether something waits for a slot of this lane."""
        return bool(self.ready)

    def is_idle(self, now: float) -> bool:
        """Whether the lane can be dropped: nothing under way, and windows that would start empty anyhow."""
        busy = self.in_flight or self.has_ready or self.connections or self.is_moving or self.behind
        windows = (self.mails, self.connects, self.sites)
        return not busy and all(each.is_quiet(now) for each in windows)

    def ceiling(self, now: float, stop: Suspension | None = None, site: str = "") -> Ceiling:
        """What limits the lane, or its mail to `site`, at this moment; `stop` is what suspends it, if anything does."""
        return ceiling(self, now, stop, site)

    def apply(self, force: InForce, now: float) -> bool:
        """Other limits from now on; windows keep their events. True when the worker is to be told at once
        (`settings`), and what it has not started to come back; what only slows single sites and senders is told with
        what is handed over next."""
        if force == self._force:
            return False
        is_other = force.limits != self.limits
        self._must_revoke |= force.limits.connection_rates != self.limits.connection_rates
        self._force, self.limits = force, force.limits
        self.mails.apply(force.limits.message_rates, now)
        self.connects.apply(force.limits.connection_rates, now)
        self.sites.apply(force.limits.site, force.sites, now, self.in_flight_at)
        self.senders.apply(SiteLimits(), force.senders, now, {})
        self._is_told = False
        self._look_at_limits()
        return is_other

    def _look_at_limits(self) -> None:
        """What follows from the limits as they are now."""
        connections, percent = self.limits.connections.value, self.limits.reserved_percent.value
        self.reserved_connections = reserved_connections(connections, percent)
        self.bulk_cap = (connections - self.reserved_connections) * IN_FLIGHT_PER_CONNECTION
        self._bulk_distance = bulk_distance_seconds(self.limits.message_rates) if percent else 0.0
        self._look_at_lengths()

    def _look_at_lengths(self) -> None:
        """Windows longer than the journal is read back need rows that count minutes (queue.lanes.minutes)."""
        self.counts_sites = self.sites.longest_seconds > EXACT_SECONDS
        longest = max(self.mails.longest_seconds, self.connects.longest_seconds)
        self.counts_minutes = self.counts_sites or longest > EXACT_SECONDS

    def drop_site(self, site: str) -> None:
        """What is ready for the site leaves: only scheduled rows, to be loaded anew."""
        self.ready.remove(lambda ready: ready.site == site)

    def has_slot(self, now: float, *, urgent: bool) -> bool:
        """Whether one more transaction may leave now, to whatever site, by slots and permits."""
        if self.is_moving or self.behind:
            return False
        if urgent:
            return self.in_flight < self.cap + URGENT_BEYOND_CAP and bool(self.mails.free(now))
        if self.in_flight >= self.bulk_cap:
            return False
        if self._bulk_distance and now < self._last_bulk + self._bulk_distance:  # `now` may be a little old
            return False
        return self.mails.free_beside(now, self.limits.reserved_percent.value) > 0

    def bulk_pause(self, now: float) -> tuple[float, RateLimit] | None:
        """For how many more seconds bulk keeps its distance, and the limit that is so small; None: not now."""
        left = self._last_bulk + self._bulk_distance - now
        if left <= 0:
            return None
        return left, max(self.limits.message_rates, key=lambda rate: rate.seconds / rate.count if rate.count else 0.0)

    def may_start(self, site: str, now: float, *, probed: bool, sender: str = "", urgent: bool = True) -> bool:
        """Whether one more transaction to the site may leave now, by all limits; `sender` is its domain."""
        if not self.has_slot(now, urgent=urgent):
            return False
        if not (
            self.sites.may_start(site, self.in_flight_at.get(site, 0), now) and self.senders.may_start(sender, 0, now)
        ):
            return False
        return not (probed and self.in_flight_at.get(site))

    def start(self, leased: Leased, now: float) -> None:
        """Count a transaction as in flight and take its MAIL permit; `may_start` answered True."""
        taken = self.mails.take(now)
        assert taken, "started without a permit"
        if not leased.ready.message.flow.is_urgent:
            self._last_bulk = now
        self.sites.start(leased.ready.site, now)
        if self.senders.is_bound:
            self.senders.start(leased.ready.sender_domain, now)
        self.in_flight += 1
        self.in_flight_at[leased.ready.site] = self.in_flight_at.get(leased.ready.site, 0) + 1

    def end(self, leased: Leased, mails: tuple[float, ...]) -> None:
        """The transaction is over; `mails` are the moments at which MAIL left us."""
        self.in_flight -= 1
        self.ended += 1
        self.mails.give_back(mails)
        site = leased.ready.site
        self.sites.end(site, mails)
        if self.senders.is_bound:
            self.senders.end(leased.ready.sender_domain, mails)
        self.in_flight_at[site] -= 1
        if not self.in_flight_at[site]:
            del self.in_flight_at[site]

    def take_ready(
        self, now: float, may_try: Callable[[Ready], bool], is_probed: Callable[[str], bool]
    ) -> Ready | None:
        """The next that may leave now: urgent ones first, then whose turn it is. The caller starts it."""

        def may(ready: Ready) -> bool:
            flow = ready.message.flow
            return may_try(ready) and self.may_start(
                ready.site,
                now,
                probed=is_probed(ready.site),
                sender=flow.key.sender_domain,
                urgent=flow.is_urgent,
            )

        for urgent in (True, False):
            if self.ready.has(urgent=urgent) and self.has_slot(now, urgent=urgent):
                taken = self.ready.take(may, urgent=urgent)
                if taken is not None:
                    return taken
        return None

    def next_try_seconds(self, now: float) -> float:
        """How long until time alone may let something leave that is ready now; a second when that is not known."""
        waits = [self.mails.next_free_seconds(now)]
        if self.ready.has(urgent=False):
            waits.append(self.mails.next_free_beside_seconds(now, self.limits.reserved_percent.value))
            waits.append(self._last_bulk + self._bulk_distance - now)
        if self.sites.is_bound:
            waits += [self.sites.next_free_seconds(site, now) for site in self.ready.of_site]
        return min((wait for wait in waits if wait is not None and wait > 0), default=_UNKNOWN_SECONDS)

    @property
    def messages_per_second(self) -> float:
        """The most that its rates let leave in the long run."""
        return min((rate.count / rate.seconds for rate in self.limits.message_rates), default=float("inf"))

    def news(self, now: float) -> LaneSettings | None:
        """What its worker has to hear before the next transaction: nothing while it has all connect permits."""
        is_known = self._is_told and not self._must_revoke
        return None if is_known and self.connects.out >= self._most_permits else self.settings(now)

    def settings(self, now: float) -> LaneSettings:
        """The lane for its worker, topped up with connect permits."""
        source = self.source
        self._is_told = True
        revoke, self._must_revoke = self._must_revoke, False
        return LaneSettings(
            self.key,
            source.address,
            source.ehlo,
            self._worker_limits(),
            self._grant(now),
            source.address6,
            source.ehlo6,
            revoke,
        )

    def _worker_limits(self) -> LaneLimits:
        return LaneLimits(
            max_connections=self.limits.connections.value,
            messages_per_connection=self.limits.messages_per_connection.value,
            idle_seconds=self.limits.idle_seconds.value,
            tls=self.limits.tls.level,
            reserved_connections=self.reserved_connections,
            max_connections_per_site=self.sites.connections,
            site_connections=self.sites.own_connections(),
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
        """The worker used connect permits, or gave some back."""
        self.connections = news.connections
        self.wants_connect = news.wants_connect
        for moment in news.connects:
            self.connects.give_back((moment,))
        for _ in range(news.unused):
            self.connects.give_back(())

    def remember(self, past: Past) -> None:
        """What an earlier owner's workers did."""
        past.fill_mails(self.mails)
        past.fill_connects(self.connects, MAX_CONNECT_PERMITS)
        for moment in past.recovered:
            self.sites.record(moment)
        self._past.add(past)

    def _inherit(self, site: str, windows: Windows, now: float) -> None:
        self._past.fill_site(site, windows)
        for each in self._forebears:
            windows.take_over(each, now)

    def take_over(self, other: "Lane", now: float) -> None:
        """Sites of `other` belong here from now on: all that left there lately counts here too, the safe side."""
        self.mails.take_over(other.mails, now)
        if other.in_flight:  # it did not come to rest
            self.mails.record(now, other.in_flight)
        self.connects.take_over(other.connects, now)
        self._forebears.append(other.mails)

    def stay(self) -> None:
        """It does not move after all; its worker is told anew what it may have forgotten."""
        self.is_moving = self._is_told = False

    def left_by(self, worker: int | None) -> None:
        """Its old worker has closed the last socket: `worker` has it now, None: whoever is assigned."""
        self.worker, self.is_moving, self._is_told, self.connections = worker, False, False, 0

    def worker_died(self, now: float) -> None:
        """Permits of a dead worker count as used at its death (Q4); its sockets are closed."""
        self.worker = None
        self.connections = 0
        self.wants_connect = self.is_moving = self._is_told = self._must_revoke = False
        while self.connects.out:
            self.connects.give_back((now,))
