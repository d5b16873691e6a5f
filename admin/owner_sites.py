"""What the owner answers to `site`: one domain or provider, with the limits in force and all that limits it now.

Owns   looking the route up when it is not known, and reading the answer off the dispatcher and the shaping rules.
Knows  no sentence.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from ..mta.clock import Clock
from ..policy.shaping.reading import ShapingFile
from ..queue.dispatcher import Dispatcher
from ..queue.lanes.lanes import Lane
from ..queue.limits import EgressLimits, LimitSource
from ..queue.pace.in_force import limits_in_force, slowed_now
from . import waits
from .owner_figures import lane_figures, provider_rests
from .site_seen import Ruling, SiteSeen, SourceLimits, ruling
from .waits import DomainSeen, RouteKind

_LOOK_UP_SECONDS = 10.0


class SiteLook:
    def __init__(
        self,
        dispatcher: Dispatcher,
        limits: LimitSource,
        file: Callable[[], ShapingFile],
        sources: Sequence[str],
        clock: Clock,
    ) -> None:
        """`file` gives the shaping rules in force; `sources` are the names of the egress sources."""
        self._dispatcher, self._limits, self._file = dispatcher, limits, file
        self._sources, self._clock = sources, clock

    async def answer(self, name: str) -> SiteSeen:
        """`name` is a provider of the rules, or a domain; its route is looked up when nobody asked for it lately."""
        if name in self._file().providers:
            return self._seen(ruling(self._file(), name, "", ()), None)
        await self._look_up(name)
        seen = waits.look(self._dispatcher, [name], [], self._clock.monotonic()).domains[0]
        return self._seen(ruling(self._file(), seen.provider, name, seen.hosts), seen)

    async def _look_up(self, domain: str) -> None:
        sites = self._dispatcher.sites
        if sites.route(domain) is not None or sites.domain_rest(domain) is not None:
            return
        done = asyncio.Event()
        sites.look_up(domain, done.set)
        try:
            await asyncio.wait_for(done.wait(), _LOOK_UP_SECONDS)
        except TimeoutError:
            pass  # then the route is told as unknown

    def _seen(self, found: Ruling, domain: DomainSeen | None) -> SiteSeen:
        leasing, now = self._dispatcher.leasing, self._clock.monotonic()
        lanes: list[Lane] = list(leasing.lanes_of(found.provider))
        pids = self._dispatcher.worker_pids()
        rests = provider_rests(self._dispatcher.sites, now)
        return SiteSeen(
            found,
            tuple(self._in_force(found.provider, lanes)),
            domain,
            tuple(lane_figures(lane, leasing.figures, leasing.book, now, pids) for lane in lanes),
            tuple(waits.touching(leasing.book, [domain or DomainSeen("", RouteKind.UNKNOWN, provider=found.provider)])),
            next((each for each in rests if each.provider == found.provider), None),
            tuple(leasing.figures.flows(now, 59).items()),
        )

    def _in_force(self, provider: str, lanes: Sequence[Lane]) -> Iterable[SourceLimits]:
        """Of each lane that there is; else what the rules would give the first source."""
        if lanes:
            return [SourceLimits(lane.key.source, lane.limits) for lane in lanes]
        return [SourceLimits(source, self._would_be(provider, source)) for source in self._sources[:1] if provider]

    def _would_be(self, provider: str, source: str) -> EgressLimits:
        book = self._dispatcher.leasing.book
        return limits_in_force(self._limits, book, slowed_now(book), provider, source).limits
