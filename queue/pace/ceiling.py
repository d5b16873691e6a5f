"""The ceiling: what limits a lane at this moment, for people.

Owns   the value Ceiling and the order in which limits are looked at.
Knows  the lane's windows and what its worker last reported; no sentence (admin says it).
"""

from enum import StrEnum
from typing import Protocol

import msgspec
from msgspec.structs import replace

from ..lanes.ready import LaneReady
from ..limits import EgressLimits, Limit, RateLimit
from ..protocol import LaneKey
from .paces import IN_FLIGHT_PER_CONNECTION, Paces
from .permits import Window
from .reserve import reserved_events
from .suspensions import Suspension
from .windows import Windows


class CeilingKind(StrEnum):
    SUSPENDED = "suspended"  # `suspension` says by what
    MOVING = "moving"  # between workers: its old worker closes the last socket first
    NO_WORKER = "no-worker"  # it starts, or died
    MESSAGE_RATE = "message-rate"
    CONNECTION_RATE = "connection-rate"  # another connection is wanted
    CONNECTIONS = "connections"  # all are open
    IN_FLIGHT = "in-flight"  # as much as its connections can start soon is with the worker
    RESTING = "resting"  # no host of its sites lets us begin: told of a provider, never of a lane
    NOTHING = "nothing"  # what limits it is not ours: the receiver's pace, or no mail


class Ceiling(msgspec.Struct, frozen=True):
    """`count` per `seconds` (0: at a time) by `because`; `frees_in` seconds, None: not by time alone.

    `for_bulk`: only bulk is limited, since the rest of the number is kept for people's and transactional mail (B6).
    """

    kind: CeilingKind
    count: int = 0
    seconds: float = 0.0
    because: str = ""
    frees_in: float | None = None
    suspension: Suspension | None = None
    for_bulk: bool = False
    site: str = ""  # what limits only this site of the lane
    sender: str = ""  # … only mail of this sender domain


class Bounded(Protocol):
    """What of a lane is looked at."""

    limits: EgressLimits
    mails: Windows
    connects: Windows
    in_flight: int
    connections: int
    wants_connect: bool
    is_moving: bool
    behind: set[LaneKey]
    worker: int | None
    ready: LaneReady
    bulk_cap: int
    sites: Paces
    senders: Paces
    in_flight_at: dict[str, int]

    @property
    def cap(self) -> int: ...

    def bulk_pause(self, now: float) -> tuple[float, RateLimit] | None: ...


def ceiling(lane: Bounded, now: float, stop: Suspension | None = None, site: str = "") -> Ceiling:
    """What limits the lane, or if nothing does, one of its sites (`site`: this one) or senders.

    `stop` is what suspends the lane, if anything does.
    """
    found = _of_lane(lane, now, stop)
    return (_of_parts(lane, now, site) or found) if found.kind is CeilingKind.NOTHING else found


def _of_lane(lane: Bounded, now: float, stop: Suspension | None) -> Ceiling:
    if stop is not None:
        return Ceiling(CeilingKind.SUSPENDED, because=stop.rule or stop.who, suspension=stop)
    if lane.is_moving or lane.behind:
        return Ceiling(CeilingKind.MOVING)
    if (rate := lane.mails.binding(now)) is not None:
        return _of_rate(CeilingKind.MESSAGE_RATE, rate, now)
    if lane.worker is None:
        return Ceiling(CeilingKind.NO_WORKER)
    found = _of_connections(lane, now)
    return _of_bulk(lane, now) if found.kind is CeilingKind.NOTHING and lane.ready.has(urgent=False) else found


def _of_parts(lane: Bounded, now: float, site: str) -> Ceiling | None:
    """The first that has mail ready, or may have, and is at its own limit."""
    if lane.sites.is_bound:
        for name in (site,) if site else lane.ready.of_site:
            found = _of_part(lane.sites, name, lane.in_flight_at.get(name, 0), now)
            if found is not None:
                return replace(found, site=name)
    for name in lane.senders.named if lane.ready else ():
        if (found := _of_part(lane.senders, name, 0, now)) is not None:
            return replace(found, sender=name)
    return None


def _of_part(paces: Paces, name: str, in_flight: int, now: float) -> Ceiling | None:
    connections = paces.limits_of(name).connections
    if connections is not None and in_flight >= connections.value * IN_FLIGHT_PER_CONNECTION:
        return _of_limit(CeilingKind.CONNECTIONS, connections)
    window = paces.binding(name, now)
    return _of_rate(CeilingKind.MESSAGE_RATE, window, now) if window is not None else None


def _of_bulk(lane: Bounded, now: float) -> Ceiling:
    """What only bulk that is ready has to heed: it leaves a share free."""
    percent = lane.limits.reserved_percent.value
    if (window := lane.mails.binding(now, percent)) is not None:
        rate = window.limit
        frees_in = window.next_free_seconds(now, 1 + reserved_events(rate, percent))
        return Ceiling(CeilingKind.MESSAGE_RATE, rate.count, rate.seconds, rate.because, frees_in, for_bulk=True)
    if (pause := lane.bulk_pause(now)) is not None:
        frees_in, rate = pause
        return Ceiling(CeilingKind.MESSAGE_RATE, rate.count, rate.seconds, rate.because, frees_in, for_bulk=True)
    if lane.in_flight >= lane.bulk_cap:
        limit = lane.limits.connections
        return Ceiling(CeilingKind.CONNECTIONS, limit.value, because=limit.because, for_bulk=True)
    return Ceiling(CeilingKind.NOTHING)


def _of_connections(lane: Bounded, now: float) -> Ceiling:
    connections, is_full = lane.limits.connections, lane.in_flight >= lane.cap
    rate = lane.connects.binding(now)
    if lane.wants_connect and lane.connections < connections.value and rate is not None:
        return _of_rate(CeilingKind.CONNECTION_RATE, rate, now)
    if lane.connections >= connections.value and (is_full or lane.in_flight > lane.connections):
        return _of_limit(CeilingKind.CONNECTIONS, connections)
    return _of_limit(CeilingKind.IN_FLIGHT, connections) if is_full else Ceiling(CeilingKind.NOTHING)


def _of_rate(kind: CeilingKind, window: Window, now: float) -> Ceiling:
    rate = window.limit
    return Ceiling(kind, rate.count, rate.seconds, rate.because, window.next_free_seconds(now))


def _of_limit(kind: CeilingKind, limit: Limit) -> Ceiling:
    return Ceiling(kind, limit.value, because=limit.because)
