"""The reserve: what bulk leaves free of connections and rates for people's and transactional mail (B6).

Owns   the arithmetic: how much of a limit is reserved, and how far apart bulk leaves where a limit is too small.
Knows  no lane and no clock.
"""

from collections.abc import Iterable
from math import ceil

from ..limits import RateLimit

_LEAST_COUNT = 10  # events; below, a tenth is no event, and bulk is spread evenly instead
_LEAST_CONNECTIONS = 4


def reserved_events(limit: RateLimit, percent: int) -> int:
    """How many permits of the window bulk leaves free: 0 for a limit whose bulk is spread."""
    return ceil(limit.count * percent / 100) if limit.count >= _LEAST_COUNT else 0


def reserved_connections(connections: int, percent: int) -> int:
    """How many connections bulk leaves free; of three or fewer none, since each is most of what there is."""
    return max(1, ceil(connections * percent / 100)) if connections >= _LEAST_CONNECTIONS and percent else 0


def bulk_distance_seconds(limits: Iterable[RateLimit]) -> float:
    """How long after the last bulk MAIL the next may leave. So an urgent one waits no longer than one slot: what was
    used of the small window came free slot by slot."""
    return max((limit.seconds / limit.count for limit in limits if 0 < limit.count < _LEAST_COUNT), default=0.0)
