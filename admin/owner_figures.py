"""The owner's figures, read off the dispatcher at one moment.

Owns   how each value of admin.figures is found in the owner's memory.
Knows  no socket and no row: the owner pays a few microseconds a lane.
"""

from collections.abc import Iterable, Mapping
from heapq import nlargest

from ..queue.dispatcher import Dispatcher
from ..queue.figures import Figures, LaneTally
from ..queue.lanes import Lane
from ..queue.limits import RateLimit
from .figures import CeilingKind, CeilingSeen, CommitFigures, LaneFigures, OwnerFigures, RateSeen

MAX_LANES = 1000  # the busiest; an answer stays below half a megabyte
_MINUTE = 59  # whole seconds that a tally has


def look(dispatcher: Dispatcher, uptime_seconds: float, now: float) -> OwnerFigures:
    """The answer at this moment, which is `now` on the owner's monotonic clock."""
    figures, lanes = dispatcher.leasing.figures, dispatcher.leasing.lanes
    pids = dispatcher.worker_pids()
    chosen = lanes.values() if len(lanes) <= MAX_LANES else nlargest(MAX_LANES, lanes.values(), key=_weight)
    return OwnerFigures(
        uptime_seconds=uptime_seconds,
        delivers=dispatcher.delivers,
        workers=len(pids),
        worker_deaths=figures.worker_deaths,
        in_flight=len(dispatcher.leasing.in_flight),
        ready=sum(_ready(lane) for lane in lanes.values()),
        lanes=tuple(_lanes(chosen, figures, now, pids)),
        more_lanes=max(0, len(lanes) - MAX_LANES),
        names=tuple(sorted(figures.names)),
        totals=tuple(figures.totals()),
        accepted=dict(figures.accepted),
        commits=CommitFigures(dispatcher.commits.commits),
    )


def _weight(lane: Lane) -> int:
    return lane.in_flight + _ready(lane)


def _ready(lane: Lane) -> int:
    return sum(queue.recipients for queue in lane.queues.values())


def _lanes(lanes: Iterable[Lane], figures: Figures, now: float, pids: Mapping[int, int]) -> Iterable[LaneFigures]:
    return (_lane(lane, figures.lane(lane.key), now, pids) for lane in lanes)


def _lane(lane: Lane, tally: LaneTally, now: float, pids: Mapping[int, int]) -> LaneFigures:
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
        ceiling=_ceiling(lane, now),
        worker_pid=pids.get(lane.worker) if lane.worker is not None else None,
    )


def _rate(limit: RateLimit) -> RateSeen:
    return RateSeen(limit.count, limit.seconds, limit.because)


def _ceiling(lane: Lane, now: float) -> CeilingSeen:
    if not lane.mails.free(now):
        rate = lane.limits.message_rates[0]
        wait = lane.mails.next_free_seconds(now)
        return CeilingSeen(CeilingKind.MESSAGE_RATE, rate.count, rate.seconds, rate.because, wait)
    if lane.in_flight >= lane.cap or (lane.connections >= lane.limits.connections.value and _ready(lane)):
        connections = lane.limits.connections
        return CeilingSeen(CeilingKind.CONNECTIONS, connections.value, because=connections.because)
    return CeilingSeen()
