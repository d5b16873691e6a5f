"""What owner and worker say to each other over their socket pair.

Owns   the message types of both directions and their encoding (msgpack, in frames of mta.frames).
Knows  nothing of what is done with them. Both ends are the same program of the same release: no versions.
"""

import msgspec

from ..mta.delivery.dialogue import Dialogue
from ..mta.delivery.egress import LaneLimits
from ..mta.delivery.host import Host
from ..mta.delivery.job import JobRecipient
from ..mta.frames import framed
from ..mta.outcome import Outcome
from .contents.content import StoredContent


class LaneKey(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """One (provider, source)."""

    provider: str
    source: str


class LaneSettings(msgspec.Struct, frozen=True, array_like=True):
    """A lane as the worker needs it; `connects` adds to the connect permits it holds."""

    key: LaneKey
    source_address: str
    ehlo: str
    limits: LaneLimits
    connects: int
    source_address6: str = ""
    ehlo6: str = ""
    revoke: bool = False  # connect permits given before are void; the worker reports them as unused


class JobParcel(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One leased transaction; carries the permit for one MAIL."""

    token: int
    lane: LaneKey
    site: str
    content_id: int
    reverse_path: str
    recipients: tuple[JobRecipient, ...]
    body: str
    smtputf8: bool
    ret: str
    envid: str
    size_bytes: int
    eight_bit: bool
    fields: str = ""  # merge fields of its one recipient
    flow: int = 0
    date_ms: int = 0  # of a stream's letter; 0: submitted mail
    urgent: bool = False
    verp_domain: str = ""  # not "": its one recipient has a reverse-path of ours in this domain


class Handover(msgspec.Struct, frozen=True, tag="handover"):
    lanes: list[LaneSettings]
    sites: dict[str, tuple[Host, ...]]
    contents: list[StoredContent]
    jobs: list[JobParcel]


class Recall(msgspec.Struct, frozen=True, tag="recall"):
    """Give these leases back if they have not started."""

    tokens: list[int]


class Halt(msgspec.Struct, frozen=True, tag="halt"):
    """No MAIL for these flows until another Halt comes without them: the whole set each time. Answered by Halted."""

    number: int
    flows: list[int]


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Drop attempts before the dot, wait for those after it, report, exit."""


class Reload(msgspec.Struct, frozen=True, tag="reload"):
    """Read configuration and keys anew."""


class Committed(msgspec.Struct, frozen=True, tag="committed"):
    """The outcomes of these reports are on the disk: their final-dot marks may be forgotten."""

    reports: list[int]


class Forget(msgspec.Struct, frozen=True, tag="forget"):
    """Give these lanes up: what has not started comes back, the rest ends, idle connections close. The last news of
    each, when its last socket is closed, says `forgotten=number`."""

    lanes: list[LaneKey]
    number: int = 0


OwnerSays = Handover | Recall | Halt | Stop | Reload | Committed | Forget


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The mark file stands and is locked; leases may come."""

    pid: int


class Halted(msgspec.Struct, frozen=True, tag="halted"):
    """From now on no MAIL of the flows of that Halt is said; those said before are on their way."""

    number: int


class Finished(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One outcome per recipient of the job, in its order. `mails`: monotonic times of the MAILs it cost.

    `dialogue`: its place among the report's dialogues, from 1; 0: none is kept.
    """

    token: int
    outcomes: list[Outcome]
    mails: tuple[float, ...]
    dialogue: int = 0


class Returned(msgspec.Struct, frozen=True, array_like=True):
    """Not attempted. `fault`: why its content could not be made, or ""."""

    token: int
    mails: tuple[float, ...]
    fault: str = ""


class LaneNews(msgspec.Struct, frozen=True, array_like=True):
    """What a lane did with its connect permits since the last report."""

    key: LaneKey
    connects: tuple[float, ...]  # monotonic times of connects, failed ones included
    connections: int  # sockets open now
    wants_connect: bool  # was refused a connect for lack of permits
    unused: int = 0  # connect permits that come back
    forgotten: int = 0  # the worker has the lane no more: the number of the Forget


class SiteFailed(msgspec.Struct, frozen=True, array_like=True):
    key: LaneKey
    site: str
    why: str


class Report(msgspec.Struct, frozen=True, tag="report"):
    number: int
    finished: list[Finished]
    returned: list[Returned]
    lanes: list[LaneNews]
    failed_sites: list[SiteFailed]
    dialogues: list[Dialogue] = []


WorkerSays = Hello | Halted | Report

_encoder = msgspec.msgpack.Encoder()
_owner_decoder: msgspec.msgpack.Decoder[OwnerSays] = msgspec.msgpack.Decoder(OwnerSays)
_worker_decoder: msgspec.msgpack.Decoder[WorkerSays] = msgspec.msgpack.Decoder(WorkerSays)


def frame(message: OwnerSays | WorkerSays) -> bytes:
    return framed(_encoder.encode(message))


def from_owner(body: bytes) -> OwnerSays:
    return _owner_decoder.decode(body)


def from_worker(body: bytes) -> WorkerSays:
    return _worker_decoder.decode(body)
