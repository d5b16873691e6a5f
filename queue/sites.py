"""Sites: where each domain's mail goes, and which sites and domains rest because nobody answers.

Owns   the cache of routes (one look-up per domain, however many messages wait) and the rests.
Knows  nothing of DNS packets (the look-up is given) and of recipients.

Invariants
    Q5  a rest belongs to a site, or to a domain whose look-up failed; recipients keep their attempts and stay due.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable

import msgspec

from ..mta.clock import Clock
from ..mta.dns.route import RouteAnswer, Routed, RouteUnavailable, Unroutable
from .retry import RetrySchedule
from .routing import RouteSource

_log = logging.getLogger("youtong.queue")
_MAX_ROUTES = 50_000
_MAX_RESTS = 50_000  # of domains, and of sites
_MAX_TTL_SECONDS = 3600
_MIN_TTL_SECONDS = 5
_UNROUTABLE_SECONDS = 60


class Rest(msgspec.Struct):
    """A site or domain that gave no answer; `until` is monotonic."""

    until: float
    failures: int  # in a row, since the last flush: how long it rests
    why: str
    since: float = 0.0  # of the first failure, monotonic
    trouble: str = ""  # of a failing look-up: a `mta.dns.answers.Trouble`
    rounds: int = 1  # that failed since then: for people
    provider: str = ""  # of a site


class KnownRoute(msgspec.Struct, frozen=True):
    """A route and the provider it belongs to."""

    routed: Routed
    provider: str


class MovedSite(msgspec.Struct, frozen=True, order=True):
    """A site that belongs to another provider since a reload."""

    site: str
    old: str
    new: str


class _Entry(msgspec.Struct):
    answer: KnownRoute | Unroutable
    good_until: float


FindRoute = Callable[[str], Awaitable[RouteAnswer]]


class Sites:
    """Asked by the loader and by intake; all in memory."""

    def __init__(self, find_route: FindRoute, routes: RouteSource, schedule: RetrySchedule, clock: Clock) -> None:
        self._find_route, self._routes, self._schedule, self._clock = find_route, routes, schedule, clock
        self._known: dict[str, _Entry] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._resting_domains: dict[str, Rest] = {}
        self._resting_sites: dict[str, Rest] = {}
        self._rested: set[str] = set()  # sites whose rest has begun since somebody asked
        self.learned: Callable[[str, str, str], None] = lambda _domain, _site, _provider: None

    def route(self, domain: str) -> KnownRoute | Unroutable | None:
        """What is known about the domain now; None: `look_up` first."""
        entry = self._known.get(domain)
        if entry is None or entry.good_until <= self._clock.monotonic():
            return None
        return entry.answer

    def look_up(self, domain: str, then: Callable[[], None]) -> None:
        """Start a look-up unless one is under way; `then` is called when there is an answer or a rest."""
        task = self._looking.get(domain)
        if task is None:
            task = self._looking[domain] = asyncio.get_running_loop().create_task(self._look_up(domain))
            task.add_done_callback(lambda _: self._looking.pop(domain, None))
        task.add_done_callback(lambda _: then())

    async def _look_up(self, domain: str) -> None:
        try:
            self._learn(domain, await self._find_route(domain))
        except Exception:  # noqa: BLE001 - the bulkhead of one look-up (Q7): its domain rests, others go on
            _log.exception("internal fault while looking up domain=%s", domain)
            self._rest(self._resting_domains, domain, "internal fault, see the log")

    def _learn(self, domain: str, answer: RouteAnswer) -> None:
        now = self._clock.monotonic()
        match answer:
            case Routed():
                provider = self._routes.provider_of(domain, answer.mx_names) or answer.site
                ttl = max(_MIN_TTL_SECONDS, min(answer.ttl_seconds, _MAX_TTL_SECONDS))
                self._remember(domain, _Entry(KnownRoute(answer, provider), now + ttl))
                self.learned(domain, answer.site, provider)
            case Unroutable():
                self._remember(domain, _Entry(answer, now + _UNROUTABLE_SECONDS))
            case RouteUnavailable():
                self._rest(self._resting_domains, domain, answer.why, answer.kind)

    def _remember(self, domain: str, entry: _Entry) -> None:
        if len(self._known) >= _MAX_ROUTES:
            self._known.clear()
        self._known[domain] = entry
        self._resting_domains.pop(domain, None)

    def reshape(self) -> set[MovedSite]:
        """Ask anew which provider every known route belongs to; the sites whose provider has changed."""
        moved: set[MovedSite] = set()
        for domain, entry in self._known.items():
            route = entry.answer
            if isinstance(route, KnownRoute):
                site = route.routed.site
                provider = self._routes.provider_of(domain, route.routed.mx_names) or site
                if provider != route.provider:
                    moved.add(MovedSite(site, route.provider, provider))
                    entry.answer = KnownRoute(route.routed, provider)
                    self.learned(domain, site, provider)
        return moved

    def domain_rest(self, domain: str) -> Rest | None:
        """The rest a domain takes because its look-up fails; None when it may be tried."""
        return self._current(self._resting_domains, domain)

    def site_rest(self, site: str) -> Rest | None:
        """The rest of a site; None when it may be tried (with one transaction if `is_probed`)."""
        return self._current(self._resting_sites, site)

    def is_probed(self, site: str) -> bool:
        """Whether the site failed and has not answered since: one probing transaction at a time."""
        return site in self._resting_sites

    def site_failed(self, site: str, why: str, provider: str = "") -> None:
        """A round in which no MX of the site answered."""
        if self.site_rest(site) is None:
            self._rest(self._resting_sites, site, why)
            self._resting_sites[site].provider = provider
            self._rested.add(site)

    def rests_by_provider(self) -> dict[str, list[Rest]]:
        """Of sites that have not let us begin since; those whose time is over are being tried."""
        found: dict[str, list[Rest]] = {}
        for rest in self._resting_sites.values():
            found.setdefault(rest.provider, []).append(rest)
        return found

    def take_rested(self) -> set[str]:
        """Sites whose rest has begun since this was last asked."""
        rested, self._rested = self._rested, set()
        return rested

    def site_answered(self, site: str) -> None:
        self._resting_sites.pop(site, None)

    def wake_all(self) -> int:
        """The operator wants everything tried now; how many rests that ends. As after `wake`."""
        return self._end((*self._resting_domains.values(), *self._resting_sites.values()))

    def wake(self, domains: Iterable[str]) -> int:
        """These domains and their sites are tried now; how many rests that ends. If they fail again, their rests
        begin anew with the shortest: somebody who flushes expects the hosts back soon."""
        names = set(domains)
        sites = {entry.answer.routed.site for entry in self._entries(names) if isinstance(entry.answer, KnownRoute)}
        resting = [self._resting_domains.get(name) for name in names] + [
            self._resting_sites.get(site) for site in sites
        ]
        return self._end(rest for rest in resting if rest is not None)

    def _entries(self, domains: Iterable[str]) -> list["_Entry"]:
        """Also those too old to be used for a letter."""
        return [self._known[each] for each in domains if each in self._known]

    def _end(self, rests: Iterable[Rest]) -> int:
        now, ended = self._clock.monotonic(), 0
        for rest in rests:
            ended += rest.until > now
            rest.until, rest.failures = min(rest.until, now), 0
        return ended

    def forget_unroutable(self, domains: Collection[str] | None = None) -> int:
        """Domains that take no mail, or those of `domains`, are looked up again when mail for them comes; how many."""
        chosen = self._known if domains is None else [each for each in domains if each in self._known]
        unroutable = [each for each in chosen if isinstance(self._known[each].answer, Unroutable)]
        for domain in unroutable:
            del self._known[domain]
        return len(unroutable)

    def failing(self, domains: Iterable[str]) -> int:
        """How many of these domains could not be looked up the last time."""
        return sum(each in self._resting_domains for each in domains)

    def _rest(self, resting: dict[str, Rest], key: str, why: str, trouble: str = "") -> None:
        if key not in resting and len(resting) >= _MAX_RESTS:
            _forget_some(resting)
        now, before = self._clock.monotonic(), resting.get(key)
        failures = before.failures + 1 if before else 1
        until = now + self._schedule.site_backoff_seconds(failures)
        since, rounds = (before.since, before.rounds + 1) if before else (now, 1)
        resting[key] = Rest(until, failures, why, since, trouble, rounds)

    def _current(self, resting: dict[str, Rest], key: str) -> Rest | None:
        rest = resting.get(key)
        return rest if rest is not None and rest.until > self._clock.monotonic() else None


def _forget_some(resting: dict[str, Rest]) -> None:
    """A tenth, those that end first: if one is asked for again, its rests begin anew with the shortest."""
    for key in sorted(resting, key=lambda key: resting[key].until)[: len(resting) // 10 + 1]:
        del resting[key]
