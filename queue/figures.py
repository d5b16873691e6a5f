"""Figures: how much left, arrived and was put off lately, per lane, and in all since the owner began.

Owns   the counts. Counting costs a dictionary look-up for a report's transaction and one for a recipient's outcome.
Knows  nothing of who asks (admin.figures, metrics) and of what waits: that is the table `backlog`.

Invariants
    Totals only grow, whatever worker dies, and are bounded: a site that is its own provider has totals under its own
    name only after NAMED_FROM outcomes, and at most MAX_NAMED have; the others' are counted as OTHER, for good.
"""

from enum import StrEnum
from typing import assert_never

import msgspec

from ..mta.outcome import Deferred, Delivered, Failed, Outcome
from .classes import MailClass
from .protocol import LaneKey

OTHER = "other"
NAMED_FROM = 50
MAX_FLOWS = 2000  # whose pace is remembered
MAX_NAMED = 100  # sites beside the providers of the shaping rules, which are as many as the rules
_MAX_CANDIDATES = 1000
_STEPS = 60
_MAX_RULED = 1000  # providers by rule: a bound that no rule file reaches


class Came(StrEnum):
    """What came of a recipient."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    UNCONFIRMED = "unconfirmed"
    SKIPPED = "skipped"


class Recent:
    """How many in each of the last 60 seconds; times are monotonic."""

    __slots__ = ("_counts", "_second")

    def __init__(self) -> None:
        self._counts = [0] * _STEPS
        self._second = 0

    def add(self, now: float, n: int = 1) -> None:
        self._advance(int(now))
        self._counts[self._second % _STEPS] += n

    def within(self, now: float, seconds: int) -> int:
        """In the last whole `seconds` (at most 59) before this one: a second that has just begun would flatter none."""
        self._advance(int(now))
        return sum(self._counts[(self._second - back) % _STEPS] for back in range(1, seconds + 1))

    def _advance(self, second: int) -> None:
        """Forget what is a minute old. A moment before the newest one counts as the newest."""
        passed = second - self._second
        if passed <= 0:
            return
        for back in range(min(passed, _STEPS)):
            self._counts[(second - back) % _STEPS] = 0
        self._second = second


class LaneTally:
    """One (provider, source) in the last minute."""

    __slots__ = ("bounced", "deferred", "delivered", "mails")

    def __init__(self) -> None:
        self.mails, self.delivered, self.deferred, self.bounced = Recent(), Recent(), Recent(), Recent()

    def came(self, came: Came, now: float, count: int) -> None:
        match came:
            case Came.DELIVERED:
                self.delivered.add(now, count)
            case Came.DEFERRED:
                self.deferred.add(now, count)
            case Came.BOUNCED:
                self.bounced.add(now, count)
            case _:
                pass


class Total(msgspec.Struct, frozen=True):
    """Recipients since the owner began. `provider` "" where none had been found out."""

    provider: str
    mail_class: str
    came: str
    count: int


class Figures:
    """Used from the event loop only."""

    def __init__(self) -> None:
        self._lanes: dict[LaneKey, LaneTally] = {}
        self._flows: dict[int, Recent] = {}
        self._totals: dict[tuple[str, str, str], int] = {}
        self._ruled: set[str] = set()
        self._named: set[str] = set()
        self._candidates: dict[str, int] = {}
        self.accepted: dict[str, int] = {}  # recipients by class
        self.worker_deaths = 0

    def lane(self, key: LaneKey) -> LaneTally:
        tally = self._lanes.get(key)
        if tally is None:
            tally = self._lanes[key] = LaneTally()
        return tally

    def mailed(self, key: LaneKey, flow_id: int, now: float, count: int) -> None:
        """So many MAIL commands left us."""
        if count:
            self.lane(key).mails.add(now, count)
            self._flow(flow_id, now).add(now, count)

    def flows(self, now: float, seconds: int) -> dict[int, int]:
        """MAILs of the flows that had any in the last `seconds`."""
        counts = ((flow_id, recent.within(now, seconds)) for flow_id, recent in self._flows.items())
        return {flow_id: count for flow_id, count in counts if count}

    def _flow(self, flow_id: int, now: float) -> Recent:
        recent = self._flows.get(flow_id)
        if recent is None:
            if len(self._flows) >= MAX_FLOWS:
                moving = self.flows(now, _STEPS - 1)
                self._flows = {each: self._flows[each] for each in list(moving)[: MAX_FLOWS // 2]}
            recent = self._flows[flow_id] = Recent()
        return recent

    def came(self, key: LaneKey, site: str, mail_class: str, came: Came, now: float, count: int = 1) -> None:
        """So many attempts' outcomes are on the disk."""
        self.lane(key).came(came, now, count)
        self._count(self._name_of(key.provider, site), mail_class, came, count)

    def ended(self, mail_class: str, came: Came, count: int = 1) -> None:
        """Recipients ended without an attempt: too old, or for want of a route."""
        self._count("", mail_class, came, count)

    def accept(self, mail_class: str, recipients: int) -> None:
        self.accepted[mail_class] = self.accepted.get(mail_class, 0) + recipients

    def forget(self, keys: list[LaneKey]) -> None:
        """Lanes that were dropped; totals stay."""
        for key in keys:
            self._lanes.pop(key, None)

    def totals(self) -> list[Total]:
        return [Total(*key, count) for key, count in self._totals.items()]

    @property
    def names(self) -> frozenset[str]:
        """Providers that have totals of their own."""
        return frozenset(self._ruled | self._named)

    def _count(self, provider: str, mail_class: str, came: Came, count: int = 1) -> None:
        key = (provider, mail_class, came)
        self._totals[key] = self._totals.get(key, 0) + count

    def _name_of(self, provider: str, site: str) -> str:
        if provider in self._ruled or provider in self._named:
            return provider
        if provider != site and len(self._ruled) < _MAX_RULED:
            self._ruled.add(provider)
            return provider
        return self._own_name(provider)

    def _own_name(self, provider: str) -> str:
        """Of a site that is its own provider, not named yet."""
        if len(self._named) >= MAX_NAMED:
            return OTHER
        if len(self._candidates) >= _MAX_CANDIDATES:
            self._candidates.clear()
        seen = self._candidates[provider] = self._candidates.get(provider, 0) + 1
        if seen < NAMED_FROM:
            return OTHER
        del self._candidates[provider]
        self._named.add(provider)
        return provider


def came_of(outcome: Outcome, mail_class: str) -> Came:
    """What an attempt's outcome is counted as."""
    match outcome:
        case Delivered():
            return Came.DELIVERED
        case Failed():
            return Came.BOUNCED
        case Deferred():
            return Came.UNCONFIRMED if outcome.ambiguous and mail_class == MailClass.BULK else Came.DEFERRED
        case _:
            assert_never(outcome)
