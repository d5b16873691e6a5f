"""The panorama: all providers and flows at one moment, from the owner's figures and the rows of the queue.

Owns   asking both, and putting them together per provider and per flow; what is known when the owner is down.
Knows  no sentence, no terminal.

The rows are read here, in the process that asks: the owner pays nothing for what waits, however many domains there are.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from ..mta.clock import Clock
from ..queue.pace.ceiling import CeilingKind
from ..queue.pace.suspensions import Suspension, SuspensionScope
from ..queue.reading import NoQueue, QueueReader, reading
from ..queue.storage.backlog_reads import FlowRow, WaitingSum
from . import control
from .config import Config
from .figures import CeilingSeen, LaneFigures, OwnerFigures, ProviderRests, RateSeen

MAX_FLOWS = 500  # told by name; the others are in the sums


class ProviderRow(msgspec.Struct, frozen=True):
    """One provider over all sources. `rate`: the tightest of its message rates, per source."""

    provider: str  # "": no route is known yet
    waiting: int
    ready: int = 0
    in_flight: int = 0
    connections: int = 0
    max_connections: int = 0
    mails_10s: int = 0
    mails_1m: int = 0
    delivered_1m: int = 0
    deferred_1m: int = 0
    bounced_1m: int = 0
    rate: RateSeen | None = None
    ceiling: CeilingSeen = CeilingSeen()
    sources: int = 0
    due_ms: int | None = None  # when what waits is looked at next, if that is soon
    stopped: int = 0  # of what waits: of streams and accounts that are stopped

    @property
    def tried_1m(self) -> int:
        return self.delivered_1m + self.deferred_1m + self.bounced_1m

    @property
    def deferred_percent(self) -> float | None:
        """Of the outcomes of the last minute; None when there were none."""
        return 100 * self.deferred_1m / self.tried_1m if self.tried_1m else None


class FlowLine(msgspec.Struct, frozen=True):
    """One flow over all providers."""

    flow_id: int
    account: str
    mail_class: str
    stream: str
    sender_domain: str
    waiting: int
    providers: int
    leaving_1m: int = 0
    is_stopped: bool = False  # its stream or account is


class ClassWaiting(msgspec.Struct, frozen=True):
    """What waits of one class for one provider."""

    provider: str
    mail_class: str
    waiting: int


class Panorama(msgspec.Struct, frozen=True):
    """`owner` is None while no server runs."""

    at_ms: int
    owner: OwnerFigures | None
    providers: tuple[ProviderRow, ...]
    flows: tuple[FlowLine, ...]
    classes: tuple[ClassWaiting, ...] = ()

    @property
    def waiting(self) -> int:
        return sum(row.waiting for row in self.providers)


def gather(config: Config, accounts: Mapping[int, str], clock: Clock) -> Panorama:
    """What there is to see now. Raises StorageError."""
    owner = ask_owner(config)
    try:
        with reading(config.server.data_dir) as reader:
            sums = reader.backlog()
            flows = _flow_rows(sums, reader)
            looked_at = reader.looked_at(clock.now_ms())
    except NoQueue:
        sums, flows, looked_at = [], {}, {}
    lanes, rests = (owner.lanes, owner.rests) if owner is not None else ((), ())
    stopped: frozenset[int] = stopped_flows(flows, owner.suspensions) if owner is not None else frozenset()
    return Panorama(
        clock.now_ms(),
        owner,
        tuple(provider_rows(sums, lanes, rests, stopped, looked_at)),
        tuple(_lines(sums, flows, accounts, dict(owner.flows_1m) if owner is not None else {}, stopped)),
        tuple(_classes(sums)),
    )


def ask_owner(config: Config) -> OwnerFigures | None:
    """None when no server answers."""
    try:
        answer = control.ask(config.server.data_dir, "owner", {"verb": "figures"})
    except control.NotRunning:
        return None
    return msgspec.convert(answer, OwnerFigures)


def stopped_flows(flows: Mapping[int, FlowRow], suspensions: Iterable[Suspension]) -> frozenset[int]:
    """Those whose stream or account is stopped: by an operator, or since the stream is paused."""
    stops = {(each.scope, each.subject) for each in suspensions if each.stop}
    return frozenset(
        flow_id
        for flow_id, row in flows.items()
        if (SuspensionScope.ACCOUNT, str(row.account_id)) in stops
        or (SuspensionScope.STREAM, str(row.stream_id)) in stops
    )


def _classes(sums: Iterable[WaitingSum]) -> Iterable[ClassWaiting]:
    found: dict[tuple[str, str], int] = {}
    for each in sums:
        key = (each.provider, each.mail_class)
        found[key] = found.get(key, 0) + each.waiting
    return (ClassWaiting(*key, n) for key, n in found.items())


def provider_rows(
    sums: Iterable[WaitingSum],
    lanes: Iterable[LaneFigures],
    rests: Iterable[ProviderRests] = (),
    stopped_flows: frozenset[int] = frozenset(),
    looked_at: Mapping[str, int] = {},
) -> list[ProviderRow]:
    """One for each provider that has mail or a lane; `looked_at`: when its mail is looked at next."""
    waiting: dict[str, int] = {}
    stopped: dict[str, int] = {}
    for each in sums:
        waiting[each.provider] = waiting.get(each.provider, 0) + each.waiting
        if each.flow_id in stopped_flows:
            stopped[each.provider] = stopped.get(each.provider, 0) + each.waiting
    by_provider: dict[str, list[LaneFigures]] = {}
    for lane in lanes:
        by_provider.setdefault(lane.provider, []).append(lane)
    names = [*by_provider, *(name for name in waiting if name not in by_provider)]
    resting = {each.provider: each for each in rests}
    rows = [
        _row(ProviderRow(name, waiting.get(name, 0), due_ms=looked_at.get(name), stopped=stopped.get(name, 0)),
             by_provider.get(name, []))
        for name in names
    ]  # fmt: skip
    return [_rested(row, resting[row.provider]) if row.provider in resting else row for row in rows]


def _rested(row: ProviderRow, rests: ProviderRests) -> ProviderRow:
    """With the rest as what limits it, when nothing else does and nothing gets through."""
    if row.delivered_1m or not row.waiting or row.ceiling.kind is not CeilingKind.NOTHING:
        return row
    ceiling = CeilingSeen(CeilingKind.RESTING, rests.sites, because=rests.why, free_in_seconds=rests.left_seconds)
    return msgspec.structs.replace(row, ceiling=ceiling)


def _row(waits: ProviderRow, lanes: Sequence[LaneFigures]) -> ProviderRow:
    """What waits, with what its lanes do."""
    if not lanes:
        return waits

    def total(of: Callable[[LaneFigures], int]) -> int:
        return sum(map(of, lanes))

    return msgspec.structs.replace(
        waits,
        ready=total(lambda lane: lane.ready),
        in_flight=total(lambda lane: lane.in_flight),
        connections=total(lambda lane: lane.connections),
        max_connections=total(lambda lane: lane.max_connections),
        mails_10s=total(lambda lane: lane.mails_10s),
        mails_1m=total(lambda lane: lane.mails_1m),
        delivered_1m=total(lambda lane: lane.delivered_1m),
        deferred_1m=total(lambda lane: lane.deferred_1m),
        bounced_1m=total(lambda lane: lane.bounced_1m),
        rate=_tightest(lanes),
        ceiling=_binding(lanes),
        sources=len(lanes),
    )


def _tightest(lanes: Sequence[LaneFigures]) -> RateSeen | None:
    """The smallest in events per second, taken times the sources, each of which has it to itself."""
    rates = [rate for lane in lanes for rate in lane.rates]
    if not rates:
        return None
    rate = min(rates, key=lambda each: each.count / each.seconds)
    return msgspec.structs.replace(rate, count=rate.count * len(lanes))


def _binding(lanes: Sequence[LaneFigures]) -> CeilingSeen:
    """Of the lane with most to do; one that is not limited at all does not hide one that is."""
    limited = [lane for lane in lanes if lane.ceiling.kind is not CeilingKind.NOTHING]
    if not limited:
        return CeilingSeen()
    return max(limited, key=lambda lane: lane.ready + lane.in_flight).ceiling


def _flow_rows(sums: Sequence[WaitingSum], reader: QueueReader) -> dict[int, FlowRow]:
    """Those with most waiting."""
    waiting = _by_flow(sums)
    chosen = sorted(waiting, key=lambda flow_id: -sum(each.waiting for each in waiting[flow_id]))[:MAX_FLOWS]
    found = ((flow_id, reader.flow(flow_id)) for flow_id in chosen)
    return {flow_id: row for flow_id, row in found if row is not None}


def _by_flow(sums: Iterable[WaitingSum]) -> dict[int, list[WaitingSum]]:
    found: dict[int, list[WaitingSum]] = {}
    for each in sums:
        found.setdefault(each.flow_id, []).append(each)
    return found


def flow_lines(
    sums: Sequence[WaitingSum], reader: QueueReader, accounts: Mapping[int, str], leaving: Mapping[int, int]
) -> tuple[FlowLine, ...]:
    """Whose mail it is, those with most waiting first; `leaving`: MAILs of the last minute by flow.

    Raises StorageError.
    """
    return tuple(_lines(sums, _flow_rows(sums, reader), accounts, leaving))


def _lines(
    sums: Sequence[WaitingSum],
    flows: Mapping[int, FlowRow],
    accounts: Mapping[int, str],
    leaving: Mapping[int, int],
    stopped: frozenset[int] = frozenset(),
) -> Iterable[FlowLine]:
    waiting = _by_flow(sums)
    for flow_id, row in flows.items():
        parts = waiting[flow_id]
        yield FlowLine(
            flow_id,
            accounts.get(row.account_id, str(row.account_id)),
            row.mail_class,
            row.stream,
            row.sender_domain,
            sum(each.waiting for each in parts),
            len({each.provider for each in parts}),
            leaving.get(flow_id, 0),
            flow_id in stopped,
        )
