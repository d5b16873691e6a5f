"""A lane: all outbound connections of one (provider, source). (Signatures first; the body follows.)"""

from collections.abc import Hashable

from ..clock import Clock
from .egress import EgressSource, LaneLimits
from .events import LaneEvents
from .job import Job
from .timeouts import Timeouts
from .tls_memory import TlsMemory


class Lane:
    """Everything that speaks to one provider from one source. Made and used inside a running event loop."""

    def __init__(
        self,
        key: Hashable,
        source: EgressSource,
        *,
        port: int,
        limits: LaneLimits,
        timeouts: Timeouts,
        clock: Clock,
        tls_memory: TlsMemory,
        events: LaneEvents,
    ) -> None:
        self._key = key
        self.source = source
        self.limits = limits

    @property
    def key(self) -> Hashable:
        return self._key

    def submit(self, job: Job) -> None:
        """Attempt `job` as soon as the limits let it. Answers through `LaneEvents`, never before this returns."""
        raise NotImplementedError

    def recall(self, token: int) -> bool:
        """Take a job back. True: it had not started, and no event will speak of it. False: too late or unknown."""
        raise NotImplementedError

    def wake(self) -> None:
        """A permit may have come free, or `limits` changed."""
        raise NotImplementedError

    def stop(self) -> None:
        """Take no more: waiting jobs are returned, attempts before the dot dropped, those after it waited for."""
        raise NotImplementedError

    async def wait_closed(self) -> None:
        """After `stop`: until no connection is left."""
        raise NotImplementedError

    def abort(self) -> None:
        """Close every socket now; attempts after the dot end as ambiguous."""
        raise NotImplementedError

    @property
    def waiting(self) -> int:
        """Jobs not started."""
        raise NotImplementedError

    @property
    def connections(self) -> int:
        """Sockets not yet closed, connects included."""
        raise NotImplementedError
