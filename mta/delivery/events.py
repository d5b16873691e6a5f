"""The port LaneEvents: what a lane asks and tells its owner (the queue's worker).

Owns   the protocol. Every call is synchronous, quick, and made from the event loop's thread; it may call
       `Lane.submit`, `recall`, `wake` and `stop` in turn, and must not raise.

Invariants
    Each submitted job ends in exactly one of `finished`, `returned`, `render_failed`, or a `Lane.recall` that
    answered True (and then in no event).
    Each `may_connect` answered True is followed by exactly one `closed`; `connected` comes between, if at all.
    Q3  no octet of a final dot is written before `before_dot` answered True.
    Q4  no MAIL is written before `may_mail` answered True, no connect is begun before `may_connect` did.
"""

from collections.abc import Hashable, Sequence
from typing import Protocol

from ..outcome import Deferred, Outcome
from .dialogue import Dialogue
from .job import Job, RenderFault


class LaneRef(Protocol):
    """The lane as its events name it: `mta.delivery.lane.Lane`, which importing here would make a cycle."""

    @property
    def key(self) -> Hashable: ...

    def wake(self) -> None: ...


class LaneEvents(Protocol):
    def may_connect(self, lane: LaneRef) -> bool:
        """Asked before every connect; True takes a permit. After False the lane asks again at `Lane.wake`."""
        ...

    def connected(self, lane: LaneRef, at_monotonic: float) -> None:
        """The TCP connection stands."""
        ...

    def closed(self, lane: LaneRef) -> None:
        """The socket is closed, or the connect failed: one connection fewer."""
        ...

    def site_failed(self, lane: LaneRef, site: str, outcome: Deferred) -> None:
        """No host of the site let us begin; jobs that waited for it are `finished` with `outcome` right after."""
        ...

    def may_mail(self, job: Job) -> bool:
        """Asked right before the job's MAIL is written; False gives the job back (`returned`).

        Asked a second time when the job is retried because its reused connection turned out dead.
        """
        ...

    def before_dot(self, job: Job) -> bool:
        """Asked right before the octets with the final dot are written: leave the mark, check the lease.

        False drops the connection without the dot; the job's outcomes are Deferred and not ambiguous.
        """
        ...

    def finished(self, job: Job, outcomes: Sequence[Outcome], mail_at: float | None, dialogue: Dialogue | None) -> None:
        """One outcome per recipient, in the job's order; `mail_at` = monotonic time of (the last) MAIL, or None.

        `dialogue` where it is to be kept; jobs that waited for the same opening get the same one.
        """
        ...

    def returned(self, job: Job) -> None:
        """The job was not attempted: never started, or dropped by `Lane.stop` before its dot (MAIL may have been said,
        and then `may_mail` was asked)."""
        ...

    def render_failed(self, job: Job, fault: RenderFault) -> None:
        """`Job.wire` raised; nothing was sent for this job."""
        ...
