"""Turns: who among several is served next, in fair shares. Deficit round robin.

Owns   the round, and each place's deficit. A round of rounds (accounts, then each one's flows) is itself a line.
Knows  nothing of mail: what waits is asked of the lines, and whether it may leave of `may`.

Each turn adds a quantum of one to a place, and what it serves is taken off: who had a large item of many recipients is
passed over until that is paid. So items of one recipient go in alternation, and shares differ by no more than one item.
A line's head is not looked at to learn its cost, so a place goes into debt instead of saving up.

Invariants
    Nobody who may be served starves: between two services of a place everybody else who may has had their share.
    Who may not be served now keeps the place in the round. Who has nothing left leaves it, and forgets debts.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

import msgspec

Item = TypeVar("Item")
Key = TypeVar("Key")
_QUANTUM = 1


class Line(Protocol[Item]):
    """What waits for one place of a round."""

    @property
    def is_empty(self) -> bool: ...

    def take(self, may: Callable[[Item], bool]) -> tuple[Item, int] | None:
        """The next item that may leave, and its cost; None when none may."""
        ...

    def __iter__(self) -> Iterator[Item]:
        """All items, in no order."""
        ...

    def remove(self, goes: Callable[[Item], bool]) -> list[Item]:
        """Take out all items for which `goes`, whoever's turn it is."""
        ...


class _Place(msgspec.Struct, Generic[Key, Item]):
    key: Key
    line: Line[Item]
    deficit: int = 0


class Turns(Generic[Key, Item]):
    """Itself a Line."""

    def __init__(self, make: Callable[[], Line[Item]]) -> None:
        """`make()` is a line for somebody who joins the round."""
        self._make = make
        self._places: dict[Key, _Place[Key, Item]] = {}
        self._round: deque[_Place[Key, Item]] = deque()

    @property
    def is_empty(self) -> bool:
        return not self._places

    def __iter__(self) -> Iterator[Item]:
        for place in self._round:
            yield from place.line

    def line(self, key: Key) -> Line[Item]:
        """The line of somebody, who joins at the end of the round. The caller puts something in."""
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = _Place(key, self._make())
            self._round.append(place)
        return place.line

    def take(self, may: Callable[[Item], bool]) -> tuple[Item, int] | None:
        """The next item in fair turn among those that may leave, and its cost."""
        kept: list[_Place[Key, Item]] = []  # may not be served now: they keep their place in front
        try:
            while self._round:
                served = self._go_round(may, kept)
                if served is not None:
                    return served
                self._forgive()
            return None
        finally:
            self._round.extendleft(reversed(kept))

    def remove(self, goes: Callable[[Item], bool]) -> list[Item]:
        removed: list[Item] = []
        for place in list(self._round):
            removed += place.line.remove(goes)
            if place.line.is_empty:
                del self._places[place.key]
        self._round = deque(place for place in self._round if not place.line.is_empty)
        return removed

    def _go_round(self, may: Callable[[Item], bool], kept: list[_Place[Key, Item]]) -> tuple[Item, int] | None:
        """One turn for each place, until one is served; only those in debt are left in the round else."""
        for _ in range(len(self._round)):
            place = self._round.popleft()
            place.deficit = min(place.deficit + _QUANTUM, _QUANTUM)
            if place.deficit < _QUANTUM:
                self._round.append(place)
                continue
            served = place.line.take(may)
            if served is None:
                place.deficit -= _QUANTUM
                kept.append(place)
                continue
            self._pay(place, served[1])
            return served
        return None

    def _pay(self, place: _Place[Key, Item], cost: int) -> None:
        if place.line.is_empty:
            del self._places[place.key]
        else:
            place.deficit -= cost
            self._round.append(place)

    def _forgive(self) -> None:
        """All that may be served are in debt: as many rounds at once as it takes until one of them is not."""
        least = min((_QUANTUM - place.deficit for place in self._round), default=0)
        for place in self._round:
            place.deficit += least - _QUANTUM
