"""What a running owner knows that no row says: routes, rests, lanes, attempts under way.

Owns   the values of the answer to `waits`, in both directions, and how they are read off the dispatcher.
Knows  no sentence (admin.explain) and no socket (admin.control). Times are spans in seconds, never instants: the
       asker has another clock. An answer names only what was asked for, so it stays small however much waits.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import islice

import msgspec

from ..mta.delivery.egress import TlsLevel
from ..mta.dns.route import Routed, Unroutable
from ..queue.dispatcher import Dispatcher
from ..queue.lanes.lanes import Lane
from ..queue.lanes.leasing import Leasing
from ..queue.pace.suspensions import Suspension, Suspensions, SuspensionScope
from ..queue.sites import KnownRoute, Rest
from .figures import CeilingSeen
from .owner_figures import ceiling_of

MAX_ASKED = 200
MAX_SUSPENSIONS = 500


class RestSeen(msgspec.Struct, frozen=True):
    """A site or domain that gave no answer."""

    why: str
    since_seconds: float
    left_seconds: float
    trouble: str = ""  # of a failing look-up
    rounds: int = 1  # that failed since then


class LaneSeen(msgspec.Struct, frozen=True):
    """One (provider, source): what is under way, and the limits with their reasons."""

    provider: str
    source: str
    in_flight: int
    cap: int
    ready: int  # recipients in its ready queues
    connections: int
    max_connections: int
    connections_because: str
    ceiling: CeilingSeen = CeilingSeen()
    tls_because: str = ""  # who demands TLS of the hosts; "": it is used where it works
    worker_pid: int | None = None


class RouteKind(StrEnum):
    KNOWN = "known"
    UNKNOWN = "unknown"  # not asked for lately, or being looked up
    NONE = "none"  # the name system is clear that no letter can go there


class DomainSeen(msgspec.Struct, frozen=True):
    """Where a domain's mail goes and what keeps it."""

    domain: str
    route: RouteKind
    why: str = ""  # of NONE
    unroutable: str = ""  # of NONE: its `mta.dns.route.UnroutableKind`
    site: str = ""
    provider: str = ""
    hosts: tuple[str, ...] = ()
    domain_rest: RestSeen | None = None
    site_rest: RestSeen | None = None
    is_probed: bool = False  # the site failed and has not answered since: one transaction tries it at a time
    at_site: int = 0  # transactions in flight to the site
    lanes: tuple[LaneSeen, ...] = ()


class LeaseSeen(msgspec.Struct, frozen=True):
    """An attempt under way."""

    token: int
    seconds: float
    provider: str
    source: str
    hosts: tuple[str, ...]
    worker_pid: int | None


class Waits(msgspec.Struct, frozen=True):
    """The owner's answer."""

    delivers: bool
    workers: int
    domains: tuple[DomainSeen, ...] = ()
    leases: tuple[LeaseSeen, ...] = ()
    suspensions: tuple[Suspension, ...] = ()  # of these domains' providers and sites, and of accounts and streams

    def domain(self, name: str) -> DomainSeen | None:
        return next((each for each in self.domains if each.domain == name), None)

    def lease(self, token: int | None) -> LeaseSeen | None:
        return next((each for each in self.leases if each.token == token), None)


def questions(domains: Iterable[str], leases: Iterable[int]) -> list[dict[str, object]]:
    """What to send to the owner, at least one: it answers for MAX_ASKED at a time."""
    names, tokens = sorted(set(domains)), sorted(set(leases))
    starts = range(0, max(len(names), len(tokens), 1), MAX_ASKED)
    return [
        {"verb": "waits", "domains": names[at : at + MAX_ASKED], "leases": tokens[at : at + MAX_ASKED]} for at in starts
    ]


def together(answers: Sequence[Waits]) -> Waits:
    """One of several answers; what they say of the server is the last one's."""
    domains = tuple(each for answer in answers for each in answer.domains)
    leases = tuple(each for answer in answers for each in answer.leases)
    suspensions = {each.id: each for answer in answers for each in answer.suspensions}
    return Waits(answers[-1].delivers, answers[-1].workers, domains, leases, tuple(suspensions.values()))


def look(dispatcher: Dispatcher, domains: Sequence[str], leases: Sequence[int], now: float) -> Waits:
    """The answer at this moment, which is `now` on the owner's monotonic clock."""
    pids = dispatcher.worker_pids()
    seen = tuple(_domain(dispatcher, name, now, pids) for name in domains[:MAX_ASKED])
    return Waits(
        delivers=dispatcher.delivers,
        workers=len(pids),
        domains=seen,
        leases=tuple(_leases(dispatcher.leasing, leases[:MAX_ASKED], now, pids)),
        suspensions=tuple(islice(touching(dispatcher.leasing.book, seen), MAX_SUSPENSIONS)),
    )


def touching(book: Suspensions, domains: Iterable[DomainSeen]) -> Iterable[Suspension]:
    """What stops or slows mail there; of accounts and streams all, whose mail may be among it."""
    if not book:
        return
    names: set[tuple[SuspensionScope, str]] = set()
    for each in domains:
        names |= {(SuspensionScope.PROVIDER, each.provider), (SuspensionScope.SITE, each.site)}
        names.add((SuspensionScope.DOMAIN, each.domain))
    for each in book.in_force():
        if each.scope in (SuspensionScope.ACCOUNT, SuspensionScope.STREAM) or (each.scope, each.subject) in names:
            yield each


def _domain(dispatcher: Dispatcher, name: str, now: float, pids: dict[int, int]) -> DomainSeen:
    sites = dispatcher.sites
    domain_rest = _rest(sites.domain_rest(name), now)
    match sites.route(name):
        case KnownRoute(routed=routed, provider=provider):
            return _routed(dispatcher, name, routed, provider, domain_rest, now, pids)
        case Unroutable(why=why, kind=kind):
            return DomainSeen(name, RouteKind.NONE, why=why, unroutable=kind, domain_rest=domain_rest)
        case None:
            return DomainSeen(name, RouteKind.UNKNOWN, domain_rest=domain_rest)


def _routed(
    dispatcher: Dispatcher,
    name: str,
    routed: Routed,
    provider: str,
    domain_rest: RestSeen | None,
    now: float,
    pids: dict[int, int],
) -> DomainSeen:
    sites, lanes = dispatcher.sites, dispatcher.leasing.lanes.values()
    mine = [lane for lane in lanes if lane.key.provider == provider]
    return DomainSeen(
        name,
        RouteKind.KNOWN,
        site=routed.site,
        provider=provider,
        hosts=tuple(host.name for host in routed.hosts),
        domain_rest=domain_rest,
        site_rest=_rest(sites.site_rest(routed.site), now),
        is_probed=sites.is_probed(routed.site),
        at_site=sum(lane.in_flight_at.get(routed.site, 0) for lane in mine),
        lanes=tuple(_lane(lane, dispatcher.leasing.book, now, pids, routed.site) for lane in mine),
    )


def _rest(rest: Rest | None, now: float) -> RestSeen | None:
    if rest is None:
        return None
    return RestSeen(rest.why, now - rest.since, rest.until - now, rest.trouble, rest.rounds)


def _lane(lane: Lane, book: Suspensions, now: float, pids: dict[int, int], site: str) -> LaneSeen:
    connections, tls = lane.limits.connections, lane.limits.tls
    return LaneSeen(
        provider=lane.key.provider,
        source=lane.key.source,
        in_flight=lane.in_flight,
        cap=lane.cap,
        ready=lane.ready.recipients,
        connections=lane.connections,
        max_connections=connections.value,
        connections_because=connections.because,
        ceiling=ceiling_of(lane, book, now, site),
        tls_because="" if tls.level is TlsLevel.OPPORTUNISTIC else tls.because,
        worker_pid=pids.get(lane.worker) if lane.worker is not None else None,
    )


def _leases(leasing: Leasing, tokens: Sequence[int], now: float, pids: dict[int, int]) -> Iterable[LeaseSeen]:
    for token in tokens:
        if (leased := leasing.in_flight.get(token)) is not None:
            worker = leasing.lanes[leased.lane].worker
            yield LeaseSeen(
                token,
                now - leased.started,
                leased.lane.provider,
                leased.lane.source,
                tuple(host.name for host in leased.ready.hosts),
                pids.get(worker) if worker is not None else None,
            )
