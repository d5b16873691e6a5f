"""The owner's figures at one moment, as it answers them on owner.sock: for `top`, `explain site`, metrics and pages.

Owns   the values of the answer to `figures`, and how they are read off the dispatcher.
Knows  no sentence and no socket. What waits is not in here: it is in the rows, and whoever asks reads it (panorama).

The owner pays a few microseconds a lane and reads no row. Times are spans, never instants: the asker has another clock.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from heapq import nlargest

import msgspec

from ..queue.dispatcher import Dispatcher
from ..queue.figures import Figures, LaneTally, Total
from ..queue.lanes import Lane
from ..queue.limits import RateLimit

MAX_LANES = 1000  # the busiest; an answer stays below half a megabyte
_MINUTE = 59  # whole seconds that a tally has


class CeilingKind(StrEnum):
    """What keeps a lane from sending more at this moment."""

    NOTHING = "nothing"
    CONNECTIONS = "connections"
    MESSAGE_RATE = "message-rate"
    CONNECTION_RATE = "connection-rate"
    IN_FLIGHT = "in-flight"
    MOVING = "moving"
    NO_WORKER = "no-worker"
    SUSPENDED = "suspended"


class CeilingSeen(msgspec.Struct, frozen=True):
    """The number that binds, where it is from, and the seconds until time alone frees it."""

    kind: CeilingKind = CeilingKind.NOTHING
    count: int = 0
    per_seconds: float = 0.0
    because: str = ""
    free_in_seconds: float | None = None


class RateSeen(msgspec.Struct, frozen=True):
    count: int
    seconds: float
    because: str


class LaneFigures(msgspec.Struct, frozen=True):
    """One (provider, source). Counts are of the last 10 s or of the last minute."""

    provider: str
    source: str
    ready: int
    in_flight: int
    cap: int
    connections: int
    max_connections: int
    connections_because: str
    rates: tuple[RateSeen, ...]
    mails_10s: int
    mails_1m: int
    delivered_1m: int
    deferred_1m: int
    bounced_1m: int
    ceiling: CeilingSeen
    worker_pid: int | None = None


class CommitFigures(msgspec.Struct, frozen=True):
    """Transactions of queue.db. `buckets`: how many took at most so many seconds; the last is all of them."""

    count: int = 0
    seconds: float = 0.0
    buckets: tuple[tuple[float, int], ...] = ()
    longest_operation_seconds: float = 0.0


class SessionFigures(msgspec.Struct, frozen=True):
    """Of the submission listeners: sessions now, memory they hold; refusals by reply code since the owner began."""

    sessions: int = 0
    memory_bytes: int = 0
    refused: dict[str, int] = {}


class OwnerFigures(msgspec.Struct, frozen=True):
    """The owner's answer."""

    uptime_seconds: float
    delivers: bool
    workers: int
    worker_deaths: int
    in_flight: int
    ready: int
    lanes: tuple[LaneFigures, ...]
    more_lanes: int  # those left off
    names: tuple[str, ...]  # providers that have totals of their own
    totals: tuple[Total, ...]
    accepted: dict[str, int]
    commits: CommitFigures = CommitFigures()
    sessions: SessionFigures = SessionFigures()
    look_ups: dict[str, int] = {}


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
