"""Suspects: letters that were with a worker when it died.

Owns   the number of deaths in a row for each, and what follows from it.
Knows  nothing of rows and workers. In memory: a new owner begins to count anew.

A worker makes (renders, signs) one letter at a time and leaves a mark of it (queue.workers.marks), so a death says
itself whose doing it can have been. What waited in the worker, for a connection or for its turn, is never suspected.
What was made and not answered yet is a worse suspect than a slow host or somebody with `kill`: it is tried later and
later, and apart from the others, and never held.

Invariants
    Q7  a letter that ends every worker that makes it is held, and mail beside it flows on.
    Nobody is held whose letter was not being made at each of HELD_AFTER deaths, with no attempt ended between them.
"""

import enum
from collections.abc import Mapping

import msgspec

HELD_AFTER = 3
LATER_AFTER = 3
APART_MS = 2000  # longer than a new worker takes to start
_MAX_WAIT_MS = 600_000
_MAX_DOUBLINGS = 9
_MAX_KNOWN = 20_000

Letter = tuple[int, int]
"""A message, and of a stream the recipient too: others' letters of it say nothing about this one."""


class Part(enum.Enum):
    """What a worker had done with a letter when it died."""

    MADE = enum.auto()
    MAKING = enum.auto()


class Consequence(msgspec.Struct, frozen=True):
    """What becomes of a letter: held after so many deaths, or due again after a while."""

    held_after: int = 0  # 0: it is not held
    wait_ms: int = 0


AT_ONCE = Consequence()


class _Deaths(msgspec.Struct):
    """In a row, of a letter."""

    making: int = 0
    made: int = 0


class Suspects:
    def __init__(self) -> None:
        self._deaths: dict[Letter, _Deaths] = {}

    def __len__(self) -> int:
        return len(self._deaths)

    def clear(self, letter: Letter) -> None:
        """An attempt at it came to its end."""
        self._deaths.pop(letter, None)

    def died(self, letters: Mapping[Letter, Part]) -> dict[Letter, Consequence]:
        """A worker died with these; what only waited in it is not among them."""
        consequences: dict[Letter, Consequence] = {}
        apart = 0
        for letter, part in letters.items():
            consequences[letter] = follows = self._follows(letter, part, apart)
            apart += follows.wait_ms > 0
        return consequences

    def _follows(self, letter: Letter, part: Part, apart: int) -> Consequence:
        deaths = self._deaths_of(letter)
        if part is Part.MADE:
            deaths.made += 1
            return _later(deaths.made, apart)
        deaths.making += 1
        if deaths.making < HELD_AFTER:
            return AT_ONCE
        self.clear(letter)  # who releases it wants it tried again
        return Consequence(held_after=deaths.making)

    def _deaths_of(self, letter: Letter) -> _Deaths:
        """Moved to the end: those seen longest ago are forgotten first."""
        deaths = self._deaths[letter] = self._deaths.pop(letter, None) or _Deaths()
        while len(self._deaths) > _MAX_KNOWN:
            del self._deaths[next(iter(self._deaths))]
        return deaths


def _later(deaths: int, apart: int) -> Consequence:
    if deaths < LATER_AFTER:
        return AT_ONCE
    turns = apart + (1 << min(deaths - LATER_AFTER, _MAX_DOUBLINGS))
    return Consequence(wait_ms=min(turns * APART_MS, _MAX_WAIT_MS))
