"""The owner's figures, read off the dispatcher at one moment.

Owns   how each value of admin.figures is found in the owner's memory.
Knows  no socket and no row: the owner pays a few microseconds a lane.
"""

from collections.abc import Iterator, Mapping
from heapq import nlargest

from ..queue.dispatcher import Dispatcher
from ..queue.figures import Figures
from ..queue.lanes.lanes import Lane
from ..queue.limits import RateLimit
from ..queue.pace.ceiling import CeilingKind
from ..queue.pace.suspensions import Suspensions
from ..queue.sites import Sites
from ..queue.storage.group_commit import GroupCommit
from .figures import Around, CeilingSeen, CommitFigures, LaneFigures, OwnerFigures, ProviderRests, RateSeen

MAX_LANES = 1000  # the busiest; an answer stays below half a megabyte
MAX_SUSPENSIONS = 500
_MINUTE = 59  # whole seconds that a tally has


def look(dispatcher: Dispatcher, around: Around, uptime_seconds: float, now: float) -> OwnerFigures:
    """The answer at this moment, which is `now` on the owner's monotonic clock."""
    figures, lanes, book = dispatcher.leasing.figures, dispatcher.leasing.lanes, dispatcher.leasing.book
    pids = dispatcher.worker_pids()
    chosen = lanes.values() if len(lanes) <= MAX_LANES else nlargest(MAX_LANES, lanes.values(), key=_weight)
    return OwnerFigures(
        uptime_seconds=uptime_seconds,
        delivers=dispatcher.delivers,
        workers=len(pids),
        worker_deaths=figures.worker_deaths,
        in_flight=len(dispatcher.leasing.in_flight),
        ready=sum(_ready(lane) for lane in lanes.values()),
        lanes=tuple(lane_figures(lane, figures, book, now, pids) for lane in chosen),
        more_lanes=max(0, len(lanes) - MAX_LANES),
        names=tuple(sorted(figures.names)),
        totals=tuple(figures.totals()),
        accepted=dict(figures.accepted),
        flows_1m=tuple(figures.flows(now, _MINUTE).items()),
        commits=_commits(dispatcher.commits),
        sessions=around.sessions,
        look_ups=around.look_ups,
        suspensions=tuple(book.in_force()[:MAX_SUSPENSIONS]),
        rests=tuple(provider_rests(dispatcher.sites, now))[:MAX_LANES],
    )


def provider_rests(sites: Sites, now: float) -> Iterator[ProviderRests]:
    """Providers of which sites rest."""
    for provider, rests in sites.rests_by_provider().items():
        first = min(rests, key=lambda rest: rest.until)
        yield ProviderRests(provider, len(rests), first.why, max(0.0, first.until - now))


def _commits(commits: GroupCommit) -> CommitFigures:
    times = commits.times
    return CommitFigures(times.count, times.seconds, times.buckets(), commits.longest_seconds)


def _weight(lane: Lane) -> int:
    return lane.in_flight + _ready(lane)


def _ready(lane: Lane) -> int:
    return lane.ready.recipients


def lane_figures(lane: Lane, figures: Figures, book: Suspensions, now: float, pids: Mapping[int, int]) -> LaneFigures:
    """One lane at this moment."""
    tally = figures.lane(lane.key)
    limits = lane.limits
    return LaneFigures(
        provider=lane.key.provider,
        source=lane.key.source,
        ready=_ready(lane),
        in_flight=lane.in_flight,
        cap=lane.cap,
        connections=lane.connections,
        max_connections=limits.connections.value,
        connections_because=limits.connections.because,
        rates=tuple(map(_rate, limits.message_rates)),
        mails_10s=tally.mails.within(now, 10),
        mails_1m=tally.mails.within(now, _MINUTE),
        delivered_1m=tally.delivered.within(now, _MINUTE),
        deferred_1m=tally.deferred.within(now, _MINUTE),
        bounced_1m=tally.bounced.within(now, _MINUTE),
        ceiling=ceiling_of(lane, book, now),
        worker_pid=pids.get(lane.worker) if lane.worker is not None else None,
    )


def _rate(limit: RateLimit) -> RateSeen:
    return RateSeen(limit.count, limit.seconds, limit.because)


def ceiling_of(lane: Lane, book: Suspensions, now: float, site: str = "") -> CeilingSeen:
    """What limits the lane, or its mail to `site`, a stop included."""
    found = lane.ceiling(now, book.of_lane(lane.key.provider, lane.key.source), site)
    if found.kind is CeilingKind.NO_WORKER and not _ready(lane):
        return CeilingSeen()  # it has no worker because it has nothing to do
    return CeilingSeen(
        found.kind,
        found.count,
        found.seconds,
        found.because,
        found.frees_in,
        found.suspension,
        found.for_bulk,
        found.site,
        found.sender,
    )
