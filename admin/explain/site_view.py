"""One domain or provider, gathered: the owner's answer, what waits in the rows, and what its hosts said lately.

Owns   the values of `explain site`, and every read it needs; what is known when no server runs.
Knows  no word of a language (site_screen).

Hosts and deferrals are found among the newest LOOKED_AT facts of the journal: it has no index by provider, and what is
older says little of now.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ...mta.clock import Clock, SystemClock
from ...policy.limits import TlsDemands
from ...policy.shaping import file as shaping_file
from ...policy.shaping.shaping import Shaping
from ...queue.journal import JournalKind, JournalRow
from ...queue.pace.suspensions import SuspensionScope
from ...queue.reading import NoQueue, QueueReader, reading
from .. import control
from ..config import Config
from ..panorama import FlowLine, flow_lines
from ..site_seen import SiteSeen, SourceLimits, ruling

LOOKED_AT = 3000
_MAX_HOSTS = 8
_MAX_DEFERRALS = 5
_NEWEST_MS = 1 << 52
_ANSWERS = frozenset({JournalKind.DELIVERED, JournalKind.DEFERRED, JournalKind.BOUNCED, JournalKind.UNCONFIRMED})


class HostSeen(msgspec.Struct, frozen=True):
    """What a host said last, and when."""

    host: str
    address: str
    tls: str
    last: JournalRow


class DeferralSeen(msgspec.Struct, frozen=True):
    """Deferrals with the same words: how many lately, and the newest."""

    count: int
    last: JournalRow


class SiteView(msgspec.Struct, frozen=True):
    """Everything there is to say. `is_running` False: `seen` is what the rules would say now."""

    name: str
    at_ms: int
    is_running: bool
    seen: SiteSeen
    flows: tuple[FlowLine, ...] = ()
    hosts: tuple[HostSeen, ...] = ()
    deferrals: tuple[DeferralSeen, ...] = ()
    accounts: dict[int, str] = {}  # names of those that are stopped

    @property
    def is_provider(self) -> bool:
        """Whether a provider was asked for, not a domain."""
        return self.seen.domain is None and self.name == self.seen.ruling.provider

    @property
    def waiting(self) -> int:
        return sum(line.waiting for line in self.flows)


def gather(config: Config, accounts: Mapping[int, str], name: str, clock: Clock) -> SiteView:
    """Raises StorageError, ShapingError (server down and its file broken), Refused."""
    try:
        answer = control.ask(config.server.data_dir, "owner", {"verb": "site", "name": name})
        seen, is_running = msgspec.convert(answer, SiteSeen), True
    except control.NotRunning:
        seen, is_running = None, False
    try:
        with reading(config.server.data_dir) as reader:
            seen = seen or without_owner(config, name, reader.provider_of(name))
            return _with_rows(SiteView(name, clock.now_ms(), is_running, seen), reader, accounts)
    except NoQueue:
        return SiteView(name, clock.now_ms(), is_running, seen or without_owner(config, name, ""))


def without_owner(config: Config, name: str, learned: str) -> SiteSeen:
    """By the file as it is now; `learned` is the provider that the domain's row names."""
    file = shaping_file.load(shaping_file.beside(config.path))
    shaping = Shaping(file, SystemClock(), TlsDemands(config.delivery.require_tls, config.delivery.verify_tls))
    is_provider = name in file.providers
    provider = name if is_provider else shaping.provider_of(name, ()) or learned
    sources = [source.name for source in config.source] or ["default"]
    limits = tuple(SourceLimits(source, shaping.limits_for(provider or name, source)) for source in sources[:1])
    return SiteSeen(ruling(file, provider, "" if is_provider else name, ()), limits)


def _with_rows(view: SiteView, reader: QueueReader, accounts: Mapping[int, str]) -> SiteView:
    provider = view.seen.ruling.provider
    sums = reader.backlog_to(provider) if view.is_provider else reader.backlog_of(view.name)
    facts = _answers(reader, provider) if provider else []
    return msgspec.structs.replace(
        view,
        flows=flow_lines(sums, reader, accounts, dict(view.seen.flows_1m)),
        hosts=tuple(_hosts(facts)),
        deferrals=tuple(_deferrals(facts)),
        accounts=dict(_stopped_accounts(view.seen, accounts)),
    )


def _stopped_accounts(seen: SiteSeen, accounts: Mapping[int, str]) -> Iterable[tuple[int, str]]:
    for each in seen.suspensions:
        if each.scope is SuspensionScope.ACCOUNT and (name := accounts.get(int(each.subject))):
            yield int(each.subject), name


def _answers(reader: QueueReader, provider: str) -> list[JournalRow]:
    """Newest first."""
    start = max(0, reader.seq_before(_NEWEST_MS) - LOOKED_AT)
    rows = (fact.row for fact in reader.facts_after(start, LOOKED_AT))
    return [row for row in rows if row.kind in _ANSWERS and row.facts.provider == provider][::-1]


def _hosts(facts: Sequence[JournalRow]) -> Iterable[HostSeen]:
    found: dict[str, JournalRow] = {}
    for row in facts:
        if row.facts.host:
            found.setdefault(row.facts.host, row)
    newest = list(found.items())[:_MAX_HOSTS]
    return (HostSeen(host, row.facts.address, row.facts.tls, row) for host, row in newest)


def _deferrals(facts: Sequence[JournalRow]) -> Iterable[DeferralSeen]:
    newest: dict[tuple[int, str, str], JournalRow] = {}
    counts: dict[tuple[int, str, str], int] = {}
    for row in facts:
        if row.kind is JournalKind.DEFERRED:
            key = (row.facts.code, row.facts.enhanced, row.facts.text)
            newest.setdefault(key, row)
            counts[key] = counts.get(key, 0) + 1
    chosen = list(newest.items())[:_MAX_DEFERRALS]
    return (DeferralSeen(counts[key], row) for key, row in chosen)
