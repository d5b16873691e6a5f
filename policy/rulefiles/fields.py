"""Reading one table of a rule file, key by key, so that every fault is told and none twice.

Owns   Table (what is still unread of a table, and where it stands) and readers for plain values.
Knows  no key. A reader raises ValueError with one Phrase.
"""

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, cast

from .faults import Fault
from .lines import LineIndex
from .phrases import phrased

Value = TypeVar("Value")


class Source:
    """One file while it is read: its lines, its name in a limit's `because`, and the faults found so far."""

    def __init__(self, path: Path, label: str, text: str) -> None:
        self.path, self.label = path, label
        self.lines = LineIndex(text)
        self.faults: list[Fault] = []

    def fault(self, line: int, place: str, sentence: str) -> None:
        self.faults.append(Fault(self.path, line, place, sentence))


class Table:
    """A table of the file. Every key is taken once; what nobody took is a fault."""

    def __init__(
        self, source: Source, names: tuple[str, ...], raw: object, nth: int = 0, repeated: bool = False
    ) -> None:
        self.source, self.names, self.nth = source, names, nth
        brackets = "[[{}]]" if repeated else "[{}]"
        self.place = brackets.format(".".join(names)) if names else ""
        self.line = source.lines.line_of(names, nth)
        self._known: list[str] = []
        self._raw: dict[str, Any] = {}  # what is still unread
        self._set: set[str] = set()
        if isinstance(raw, dict):
            self._raw = dict(cast("dict[str, Any]", raw))
            self._set = set(self._raw)
        else:
            source.fault(self.line, self.place, phrased("must be a table, with keys of its own"))

    def is_set(self, key: str) -> bool:
        """Whether the file has this key, right or wrong."""
        return key in self._set

    @property
    def keys(self) -> list[str]:
        """What the file has here, for tables whose keys are anybody's."""
        return sorted(self._set)

    def line_of(self, key: str) -> int:
        return self.source.lines.line_of(self.names, self.nth, key) or self.line

    def because(self, key: str) -> str:
        """Where a number came from, as `explain` says it."""
        return f"{self.source.label}:{self.line_of(key)} {self.place} {key}"

    def fault(self, key: str, sentence: str) -> None:
        self.source.fault(self.line_of(key), f"{self.place} {key}".strip(), sentence)

    def take(self, key: str, read: Callable[[Any], Value], default: Value) -> Value:
        """The value, or `default` when the key is absent or wrong."""
        self._known.append(key)
        if key not in self._raw:
            return default
        try:
            return read(self._raw.pop(key))
        except ValueError as error:
            self.fault(key, error.args[0])
            return default

    def take_raw(self, key: str) -> Any:
        """The value unread, None when absent: for tables inside."""
        self._known.append(key)
        return self._raw.pop(key, None)

    def done(self) -> None:
        """Everything that nobody took is unknown."""
        for key in self._raw:
            close = get_close_matches(key, self._known, n=1, cutoff=0.6)
            meant = phrased("is no key of this table, did you mean {word}?", word=close[0]) if close else None
            self.fault(key, meant or phrased("is no key of this table"))


def whole_number(low: int, high: int) -> Callable[[Any], int]:
    def read(raw: Any) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int) or not low <= raw <= high:
            raise ValueError(phrased("needs a whole number from {low} to {high}, without quotes", low=low, high=high))
        return raw

    return read


def share(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 < raw < 1:
        raise ValueError(phrased("needs a part of the usual pace between 0 and 1, e.g. 0.5"))
    return float(raw)


def text(raw: Any) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError(phrased("needs a text in quotes"))
    return raw


def texts(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list) or not raw:
        raise ValueError(phrased('needs a list of texts, e.g. ["one", "two"]'))
    return tuple(text(one) for one in cast("list[Any]", raw))


def one_of(*words: str) -> Callable[[Any], str]:
    def read(raw: Any) -> str:
        if raw not in words:
            raise ValueError(phrased("needs one of {words}", words=", ".join(f'"{word}"' for word in words)))
        return str(raw)

    return read


def names(raw: Any) -> tuple[str, ...]:
    """Host or domain names in lower case; a leading dot is allowed and means nothing."""
    return tuple(_name(one) for one in texts(raw))


def _name(raw: str) -> str:
    name = raw.lower().strip(".")
    labels = name.split(".")
    if len(labels) < 2 or not all(label and label.replace("-", "a").replace("_", "a").isalnum() for label in labels):
        raise ValueError(phrased('is no host name ("{text}"), write e.g. "google.com"', text=raw))
    return name
