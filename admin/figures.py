"""The owner's figures at one moment, as it answers them on owner.sock: for `top`, `explain site`, metrics and pages.

Owns   the values of the answer to `figures`, for both ends.
Knows  neither how they are read off the owner (owner_figures) nor a sentence. What waits is not in here: it is in the
       rows, and whoever asks reads it (panorama). Times are spans, but for suspensions, which end by the wall clock.
"""

import msgspec

from ..queue.figures import Total
from ..queue.pace.ceiling import CeilingKind
from ..queue.pace.suspensions import Suspension


class CeilingSeen(msgspec.Struct, frozen=True):
    """The number that binds, where it is from, and the seconds until time alone frees it (queue.pace.ceiling)."""

    kind: CeilingKind = CeilingKind.NOTHING
    count: int = 0
    per_seconds: float = 0.0  # 0: at a time
    because: str = ""
    free_in_seconds: float | None = None
    suspension: Suspension | None = None
    for_bulk: bool = False  # people's and transactional mail may still leave
    site: str = ""  # what limits only this site of the lane
    sender: str = ""  # … only mail of this sender domain


class ProviderRests(msgspec.Struct, frozen=True):
    """How many sites of a provider rest because no host lets us begin, and of the one that is tried first why and for
    how long."""

    provider: str
    sites: int
    why: str
    left_seconds: float


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


class Around(msgspec.Struct, frozen=True):
    """What the owner knows beside its queue: sessions, and questions to the name system."""

    sessions: SessionFigures = SessionFigures()
    look_ups: dict[str, int] = {}


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
    flows_1m: tuple[tuple[int, int], ...] = ()  # flows and their MAILs
    commits: CommitFigures = CommitFigures()
    sessions: SessionFigures = SessionFigures()
    look_ups: dict[str, int] = {}
    suspensions: tuple[Suspension, ...] = ()
    rests: tuple[ProviderRests, ...] = ()
