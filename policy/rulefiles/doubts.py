"""What can be doubted of one rule by its own examples and near misses: dead, shadowed, catching too much, slow, scarce.

Owns   these sentences, for rules of every kind of file.
Knows  no kind of rule: who asks says which rule takes a text, of all and of this one alone.
"""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from .faults import Fault
from .pattern_cost import MAX_TEXT
from .phrases import Phrase, phrased

MIN_EXAMPLES, MIN_NEAR_MISSES = 2, 1
SLOW_SECONDS = 0.005  # for one text at the worst; `pattern_cost` bounds it at some tens of milliseconds


class Exampled(Protocol):
    """A rule with texts that it must and must not fit."""

    @property
    def name(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def fact(self) -> str: ...
    @property
    def examples(self) -> tuple[str, ...]: ...
    @property
    def near_misses(self) -> tuple[str, ...]: ...


Rule = TypeVar("Rule", bound=Exampled)


class Doubts(Generic[Rule]):
    """About one rule. `of_all` says which of all rules takes a text, `alone` whether this one would by itself."""

    def __init__(self, rule: Rule, of_all: Callable[[str], Rule | None], alone: Callable[[str], bool]) -> None:
        self._rule, self._of_all, self._alone = rule, of_all, alone

    def all(self) -> Iterator[Phrase]:
        yield from self._of_examples()
        yield from self._of_near_misses()
        yield from _of_scarcity(self._rule)
        yield from _of_time(self._rule)

    def _of_examples(self) -> Iterator[Phrase]:
        rule = self._rule
        winners = {text: self._of_all(text) for text in rule.examples}
        takers = {taken.name for taken in winners.values() if taken is not None and taken is not rule}
        if rule.examples and not any(one is rule for one in winners.values()) and takers:
            yield phrased(
                "never wins: all its examples are taken by the earlier {names}", names=", ".join(sorted(takers))
            )
            return
        for text, taken in winners.items():
            if taken is None:
                yield phrased('does not fit its own example "{text}"', text=_short(text))
            elif taken is not rule:
                yield phrased('its example "{text}" is taken by the earlier {name}', text=_short(text), name=taken.name)

    def _of_near_misses(self) -> Iterator[Phrase]:
        for text in self._rule.near_misses:
            if self._alone(text):
                yield phrased('fits its near miss "{text}"', text=_short(text))


def missing_base(path: Path, base: str) -> Iterator[Fault]:
    if not base:
        sentence = phrased(
            'is missing: this file replaces the shipped one; base = "shipped" lays it over that, "none" means it'
        )
        yield Fault(path, 1, "base", sentence)


def _of_scarcity(rule: Exampled) -> Iterator[Phrase]:
    if len(rule.examples) < MIN_EXAMPLES:
        yield phrased("has one example only: a second real text shows what may vary")
    if len(rule.near_misses) < MIN_NEAR_MISSES:
        yield phrased("has no near_misses: a text that it must not fit shows where it ends")
    if not rule.fact:
        yield phrased("has no fact: where was the reply seen?")


def _of_time(rule: Exampled) -> Iterator[Phrase]:
    """Texts that lead a pattern on and disappoint it at the end. `re` gives up within `pattern_cost`'s bound."""
    pattern = re.compile(rule.text, re.IGNORECASE)
    slowest = max(_seconds(pattern, text) for text in hard_texts(rule))
    if slowest > SLOW_SECONDS:
        yield phrased("took {ms} ms for one text: make its gaps shorter", ms=f"{slowest * 1000:.0f}")


def hard_texts(rule: Exampled) -> list[str]:
    """The beginnings of its examples over and over, and what many patterns begin with."""
    beginnings = [text[: len(text) // 2] for text in rule.examples]
    return [(text * MAX_TEXT)[:MAX_TEXT] for text in (*beginnings, "a", "1.", " ", "[", "4.7.1 ") if text]


def _seconds(pattern: re.Pattern[str], text: str) -> float:
    """The better of two, so that a busy machine accuses nobody."""
    taken: list[float] = []
    for _ in range(2):
        started = time.process_time()
        pattern.search(text)
        taken.append(time.process_time() - started)
    return min(taken)


def _short(text: str) -> str:
    return " ".join(text.split())[:60]
