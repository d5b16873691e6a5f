"""The queue's ports as tiny classes that record, and a fleet without processes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from youtong.mta.delivery.host import Host
from youtong.mta.dns.route import RouteAnswer, Routed, RouteUnavailable
from youtong.mta.outcome import Deferred, Outcome, wording
from youtong.queue.classes import MailClass
from youtong.queue.gate import Candidate, GateDecision, Send
from youtong.queue.incarnation import incarnation_of
from youtong.queue.judging import AttemptFacts
from youtong.queue.lanes.lanes import Lane
from youtong.queue.limits import EgressLimits, Limit, RateLimit
from youtong.queue.notices.notices import Composed, NoticeFacts
from youtong.queue.protocol import LaneKey, LaneSettings
from youtong.queue.reactions import Reaction
from youtong.queue.return_paths import GIVEN, ReturnPath
from youtong.queue.routing import Source
from youtong.queue.transactions import Leased

RETRY_MS = 300_000
LIFETIME_MS = 5 * 86_400_000


def routed(site: str, ttl_seconds: int = 3600) -> Routed:
    return Routed(site, (site,), (Host(site, ("127.0.0.1",)),), ttl_seconds)


class FakeRoutes:
    """Find-route and RouteSource: each domain is served by mx.DOMAIN unless a test says otherwise."""

    def __init__(self) -> None:
        self.answers: dict[str, RouteAnswer | Exception] = {}
        self.asked: list[str] = []

    async def find(self, domain: str) -> RouteAnswer:
        self.asked.append(domain)
        answer = self.answers.get(domain, routed(f"mx.{domain}"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def fails(self, domain: str) -> None:
        self.answers[domain] = RouteUnavailable("SERVFAIL")

    def provider_of(self, domain: str, mx_hosts: Sequence[str]) -> str:
        return ""

    def source_for(self, account_id: int, mail_class: MailClass, provider: str, wanted: str) -> Source:
        return Source(wanted or "default", "", "mail.example.org")


class FakeReturnPaths:
    """ReturnPaths: what a test says of a domain; of all others what was given is used."""

    def __init__(self) -> None:
        self.answers: dict[str, ReturnPath | asyncio.Future[ReturnPath]] = {}
        self.asked: list[tuple[int, str]] = []

    def choose(self, account_id: int, author_domain: str) -> ReturnPath | Awaitable[ReturnPath]:
        self.asked.append((account_id, author_domain))
        return self.leading(author_domain)

    def leading(self, author_domain: str) -> ReturnPath | Awaitable[ReturnPath]:
        return self.answers.get(author_domain, GIVEN)


class FixedSchedule:
    """RetrySchedule: always five minutes; a site rests a minute per failure."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.fault: Exception | None = None

    def next_attempt_ms(self, now_ms: int, attempts: int, mail_class: MailClass, outcome: Deferred) -> int:
        if self.fault is not None:
            raise self.fault
        self.asked.append(attempts)
        return now_ms + RETRY_MS

    def lifetime_ms(self, mail_class: MailClass) -> int:
        return LIFETIME_MS

    def site_backoff_seconds(self, failures: int) -> float:
        return 60.0 * failures


class FakeLimits:
    """LimitSource: one set of limits for every lane."""

    def __init__(self, *, mails: int = 100, connections: int = 10, recipients: int = 100, connects: int = 100) -> None:
        self.limits = limits(mails=mails, connections=connections, recipients=recipients, connects=connects)

    def limits_for(self, provider: str, source: str) -> EgressLimits:
        return self.limits


def limits(*, mails: int = 100, connections: int = 10, recipients: int = 100, connects: int = 100) -> EgressLimits:
    return EgressLimits(
        connections=Limit(connections, "test"),
        messages_per_connection=Limit(100, "test"),
        recipients_per_transaction=Limit(recipients, "test"),
        message_rates=(RateLimit(mails, 60.0, "test"),),
        connection_rates=(RateLimit(connects, 60.0, "test"),),
        idle_seconds=Limit(60, "test"),
    )


@dataclass
class FakeGate:
    """LeaseGate: everybody may go, unless an address is told otherwise."""

    decisions: dict[str, GateDecision] = field(default_factory=dict)
    fault: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def decide(self, batch: Sequence[Candidate]) -> Sequence[GateDecision]:
        if self.fault is not None:
            raise self.fault
        self.asked += [each.address for each in batch]
        return [self.decisions.get(each.address, Send()) for each in batch]


@dataclass
class FakeJudge:
    """ReplyJudge: the outcome as it is, or changed by a function."""

    change: Callable[[Outcome], Outcome] = lambda outcome: outcome

    def judge(self, outcome: Outcome, facts: AttemptFacts) -> Outcome:
        return self.change(outcome)


@dataclass
class FakeWatch:
    """ReplyWatch: reactions by a word of the reply."""

    rules: dict[str, Reaction] = field(default_factory=dict)
    asked: int = 0
    fault: Exception | None = None

    def reaction(self, outcome: Outcome, facts: AttemptFacts) -> Reaction | None:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return next((rule for word, rule in self.rules.items() if word in wording(outcome)), None)


@dataclass
class FakeFleet:
    """The Fleet port: slot → incarnation, and all that was handed over."""

    living: dict[int, int] = field(default_factory=dict)
    handed: list[Leased] = field(default_factory=list)
    updates: list[LaneSettings] = field(default_factory=list)
    forgotten: list[tuple[int, LaneKey]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)  # of those Forgets
    recalled: list[int] = field(default_factory=list)
    loads: dict[int, float] = field(default_factory=dict)

    def assign(self) -> int | None:
        return min(self.living, default=None)

    def incarnation(self, slot: int) -> int | None:
        return self.living.get(slot)

    def hand_over(self, slot: int, lane: Lane, leased: Leased) -> None:
        assert self.living[slot] == incarnation_of(leased.token), "handed to another life than it was leased for"
        self.handed.append(leased)

    def update(self, slot: int, settings: LaneSettings) -> None:
        self.updates.append(settings)

    def forget(self, lanes: Sequence[tuple[int, LaneKey]], number: int = 0) -> None:
        self.forgotten += lanes
        self.numbers.append(number)

    def recall(self, tokens: list[int]) -> None:
        self.recalled += tokens

    def slots(self) -> Sequence[int]:
        return sorted(self.living)

    def weigh(self, loads: Mapping[int, float]) -> None:
        self.loads = dict(loads)

    def take(self) -> list[Leased]:
        """What was handed over since the last call."""
        handed, self.handed = self.handed, []
        return handed


class FakeComposer:
    """Composes notices that list whom they tell about."""

    def __init__(self) -> None:
        self.composed: list[NoticeFacts] = []
        self.fault: Exception | None = None

    def __call__(self, facts: NoticeFacts) -> Composed:
        if self.fault is not None:
            raise self.fault
        self.composed.append(facts)
        return Composed(b"Subject: failed\r\n\r\n", b"".join(f"{each.address}\r\n".encode() for each in facts.told))
