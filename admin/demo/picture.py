"""What the demo shows: counts for each group of receivers, the newest events, and a letter worth a closer look.

Owns   turning journal rows and waiting recipients into numbers. Pure: rows go in, nothing else happens.
Knows  no terminal (`view`) and no database.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ...queue.journal import JournalKind
from ...queue.reading import AddressedFact, RecipientRow
from ...queue.states import RecipientState
from ..explain.attempts import reply_words
from .receivers import GROUPS, Group, group_of
from .sentences import sentence

_KEPT_EVENTS = 200
_SPOKEN = (JournalKind.DELIVERED, JournalKind.DEFERRED, JournalKind.BOUNCED)


@dataclass(frozen=True)
class Happening:
    """One event in a sentence; `kind` None: the demo itself did something."""

    at_ms: int
    sentence: str
    kind: JournalKind | None = None


@dataclass
class Line:
    """One group of receivers. waiting and on_the_way are of this moment, the others since the start."""

    waiting: int = 0
    on_the_way: int = 0
    delivered: int = 0
    deferred: int = 0
    bounced: int = 0
    last_words: str = ""

    @property
    def unfinished(self) -> int:
        return self.waiting + self.on_the_way


@dataclass
class Picture:
    """Everything shown. `seq`: how far the journal was read."""

    lines: dict[Group, Line] = field(default_factory=lambda: {group: Line() for group in GROUPS})
    events: deque[Happening] = field(default_factory=lambda: deque(maxlen=_KEPT_EVENTS))
    happened: int = 0  # events ever; the newest are in `events`
    letters: int = 0
    seq: int = 0
    waiting_address: str = ""  # somebody whose letter waits right now, for `explain`

    @property
    def totals(self) -> Line:
        lines = self.lines.values()
        return Line(
            waiting=sum(line.waiting for line in lines),
            on_the_way=sum(line.on_the_way for line in lines),
            delivered=sum(line.delivered for line in lines),
            deferred=sum(line.deferred for line in lines),
            bounced=sum(line.bounced for line in lines),
        )

    def newest(self, after: int) -> list[Happening]:
        """What happened beyond the first `after` events, as far as it is kept."""
        wanted = min(self.happened - after, len(self.events))
        return list(self.events)[len(self.events) - wanted :]

    def full(self, room: int) -> set[Group]:
        """Groups with so many unfinished letters that they get no more for now."""
        return {group for group, line in self.lines.items() if line.unfinished >= room}

    def note(self, happening: Happening) -> None:
        self.events.append(happening)
        self.happened += 1

    def follow(self, facts: Iterable[AddressedFact]) -> None:
        """The next rows of the journal."""
        for fact in facts:
            self.seq = fact.row.seq
            self.letters += fact.row.kind is JournalKind.ACCEPTED and bool(fact.reverse_path)
            self._count(fact)
            if said := sentence(fact):
                self.note(Happening(fact.row.at_ms, said, fact.row.kind))

    def _count(self, fact: AddressedFact) -> None:
        group = group_of(fact.domain)
        if group is None:
            return
        line, kind = self.lines[group], fact.row.kind
        line.delivered += kind is JournalKind.DELIVERED
        line.deferred += kind is JournalKind.DEFERRED
        line.bounced += kind in (JournalKind.BOUNCED, JournalKind.EXPIRED)
        if kind in _SPOKEN:
            line.last_words = reply_words(fact.row)

    def look(self, unfinished: Sequence[RecipientRow]) -> None:
        """Who waits or is on the way at this moment: all of them."""
        for line in self.lines.values():
            line.waiting = line.on_the_way = 0
        for row in unfinished:
            if group := group_of(row.domain):
                is_leased = row.state is RecipientState.LEASED
                self.lines[group].on_the_way += is_leased
                self.lines[group].waiting += not is_leased
        self._choose(unfinished)

    def _choose(self, unfinished: Sequence[RecipientRow]) -> None:
        """Keep the address as long as it waits; then one that was tried before."""
        waiting = [row for row in unfinished if row.state is RecipientState.SCHEDULED and row.attempts]
        if not any(row.address == self.waiting_address for row in waiting):
            self.waiting_address = waiting[-1].address if waiting else ""
