"""What the demo shows: a line for each provider, how fast people's letters leave, the newest events, and a letter worth
a closer look.

Owns   turning journal rows and the panorama into numbers. Pure: rows go in, nothing else happens.
Knows  no terminal (`screen`) and no database. Recipients of streams are counted, and told of one
       by one only when something comes back.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from ...queue.journal import CAME_BACK, JournalKind
from ...queue.reading import AddressedFact
from ...queue.returns.fates import Fate
from ..explain.suspension_words import scope_words, suspension_words
from ..figures import CeilingSeen
from ..panorama import FlowLine, Panorama, ProviderRow
from ..texts import _
from .campaigns import BULK_SENDERS
from .receivers import Group, group_named, group_of, groups
from .sentences import sentence

_KEPT_EVENTS = 200
_CROWDED = 30  # so many wait for a provider: a letter that leaves in seconds has overtaken them
_KEPT_TIMES = 50
_ENDS = (JournalKind.DELIVERED, JournalKind.BOUNCED, JournalKind.EXPIRED, JournalKind.CANCELLED)


@dataclass(frozen=True)
class Happening:
    """One event in a sentence; `kind` None: the demo itself did something."""

    at_ms: int
    sentence: str
    kind: JournalKind | None = None


@dataclass
class Line:
    """One provider. waiting, on_the_way, leaving and ceiling are of this moment, the others since the start."""

    waiting: int = 0
    on_the_way: int = 0
    leaving: int = 0  # letters in the last minute
    ceiling: CeilingSeen = field(default_factory=CeilingSeen)
    delivered: int = 0
    deferred: int = 0
    bounced: int = 0

    @property
    def unfinished(self) -> int:
        return self.waiting + self.on_the_way


@dataclass
class Picture:
    """Everything shown. `seq`: how far the journal was read."""

    lines: dict[Group, Line] = field(default_factory=lambda: {group: Line() for group in groups()})
    flows: tuple[FlowLine, ...] = ()
    waiting: int = 0  # everywhere, also where no provider is known yet
    at_ms: int = 0
    events: deque[Happening] = field(default_factory=lambda: deque(maxlen=_KEPT_EVENTS))
    happened: int = 0  # events ever; the newest are in `events`
    letters: int = 0  # of people
    fates: Counter[str] = field(default_factory=Counter[str])  # recipients that got worse after they had it
    answers: int = 0  # of machines
    seq: int = 0
    waiting_address: str = ""  # somebody whose letter waits right now, for `explain`
    streamed: Counter[str] = field(default_factory=Counter[str])  # delivered, by a stream's reverse-path
    overtaking: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT_TIMES))
    _accepted: dict[int, int] = field(default_factory=dict[int, int])  # when, by message; of people
    _put_off: dict[str, Group] = field(default_factory=dict[str, Group])  # addresses that people's letters wait for
    _stops: set[int] = field(default_factory=set[int])

    @property
    def totals(self) -> Line:
        lines = self.lines.values()
        return Line(
            waiting=self.waiting,
            on_the_way=sum(line.on_the_way for line in lines),
            leaving=sum(line.leaving for line in lines),
            delivered=sum(line.delivered for line in lines),
            deferred=sum(line.deferred for line in lines),
            bounced=sum(line.bounced for line in lines),
        )

    @property
    def overtaking_seconds(self) -> float | None:
        """How long people's letters to crowded providers took of late, the median; None before the first."""
        return median(self.overtaking) if self.overtaking else None

    @property
    def put_off(self) -> set[Group]:
        """Providers that put off a letter of people."""
        return set(self._put_off.values())

    @property
    def busiest(self) -> Group | None:
        """The provider with most to explain: something limits it, and most waits there."""
        limited = [group for group, line in self.lines.items() if group.provider and line.waiting]
        return max(limited, key=lambda group: self.lines[group].waiting) if limited else None

    def newest(self, after: int) -> list[Happening]:
        """What happened beyond the first `after` events, as far as it is kept."""
        wanted = min(self.happened - after, len(self.events))
        return list(self.events)[len(self.events) - wanted :]

    def full(self, room: int) -> set[Group]:
        """Providers with so many of people's letters put off that they get no more for now."""
        waiting = list(self._put_off.values())
        return {group for group in set(waiting) if waiting.count(group) >= room}

    def note(self, happening: Happening) -> None:
        self.events.append(happening)
        self.happened += 1

    def follow(self, facts: Iterable[AddressedFact]) -> None:
        """The next rows of the journal."""
        for fact in facts:
            self.seq = fact.row.seq
            self._count(fact)
            if fact.row.kind in CAME_BACK:
                self._follow_return(fact)
            elif fact.reverse_path in BULK_SENDERS:
                self.streamed[fact.reverse_path] += fact.row.kind is JournalKind.DELIVERED
            else:
                self._follow_letter(fact)

    def _count(self, fact: AddressedFact) -> None:
        if (group := group_of(fact.domain)) is not None:
            line, kind = self.lines[group], fact.row.kind
            line.delivered += kind is JournalKind.DELIVERED
            line.deferred += kind is JournalKind.DEFERRED
            line.bounced += kind in (JournalKind.BOUNCED, JournalKind.EXPIRED)

    def _follow_return(self, fact: AddressedFact) -> None:
        """A recipient counts by the worst that was heard of it; told of is what changes that, and answers."""
        row, facts = fact.row, fact.row.facts
        is_answer = row.kind is JournalKind.AUTO_REPLY
        self.answers += is_answer
        if facts.fate_before:
            self.fates[facts.fate] += 1
            self.fates[facts.fate_before] -= facts.fate_before != Fate.DELIVERED
        if facts.fate_before or is_answer:
            self.note(Happening(row.at_ms, sentence(fact), row.kind))

    def _follow_letter(self, fact: AddressedFact) -> None:
        row = fact.row
        if row.kind is JournalKind.ACCEPTED and fact.reverse_path:
            self.letters += 1
            self._accepted[row.message_id] = row.at_ms
        self._time(fact)
        if said := sentence(fact):
            self.note(Happening(row.at_ms, said, row.kind))

    def _time(self, fact: AddressedFact) -> None:
        """Of letters that nobody put off; whom a receiver put off is kept as somebody to explain."""
        row, group = fact.row, group_of(fact.domain)
        if group is None:
            return
        was_put_off = fact.address in self._put_off
        if row.kind is JournalKind.DEFERRED:
            self._put_off[fact.address] = group
        elif row.kind in _ENDS:
            self._put_off.pop(fact.address, None)
        accepted = self._accepted.get(row.message_id)
        is_crowded = self.lines[group].waiting >= _CROWDED
        if row.kind is JournalKind.DELIVERED and accepted is not None and is_crowded and not was_put_off:
            self.overtaking.append((row.at_ms - accepted) / 1000)
        if self.waiting_address not in self._put_off:
            self.waiting_address = next(reversed(self._put_off), "")

    def behold(self, panorama: Panorama) -> None:
        """The moment as the owner and the rows tell it."""
        self.at_ms, self.flows, self.waiting = panorama.at_ms, panorama.flows, panorama.waiting
        rows = {group: row for row in panorama.providers if (group := group_named(row.provider))}
        for group, line in self.lines.items():
            row = rows.get(group, ProviderRow(group.provider, 0))
            line.waiting, line.on_the_way, line.leaving = row.waiting, row.in_flight, row.mails_1m
            line.ceiling = row.ceiling
        self._tell_stops(panorama)

    def _tell_stops(self, panorama: Panorama) -> None:
        for each in panorama.owner.suspensions if panorama.owner else ():
            if each.id not in self._stops:
                self._stops.add(each.id)
                words = suspension_words(each, panorama.at_ms)
                what = _("{what}: {words}").format(what=scope_words(each), words=" ".join(words.split()))
                self.note(Happening(panorama.at_ms, what, JournalKind.DEFERRED))
