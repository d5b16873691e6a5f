"""What a regular expression can cost, and which words it cannot do without: both read off its structure.

Owns   `ways` (an upper bound on the paths tried from one position), `needles` (literals, one of which every match
       contains), and the bound that a rule must keep.
Knows  no rule. Uses the parser of `re` itself, so what is judged is what runs.

A search tries every position of a text of MAX_TEXT characters: ways x MAX_TEXT steps at the worst.
"""

import importlib
import math
import re
from collections.abc import Iterable
from typing import Any

MAX_TEXT = 1000  # characters of a reply that are looked at; RFC 5321 §4.5.3.1.5 allows 512 octets a line
MAX_WAYS = 4000.0
_UNBOUNDED = 4_294_967_295

_parse: Any = importlib.import_module("re._parser").parse
_Items = Iterable[tuple[Any, Any]]


def parsed(pattern: str) -> Any:
    """Raises re.error."""
    return _parse(pattern, re.IGNORECASE)


def ways(pattern: str) -> float:
    return _ways(parsed(pattern))


def _ways(items: _Items) -> float:
    return math.prod(_ways_of(str(name), value) for name, value in items)


def _ways_of(name: str, value: Any) -> float:
    match name:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            low, high, inner = value
            return _repeated(int(low), min(int(high), MAX_TEXT), _ways(inner))
        case "SUBPATTERN":
            return _ways(value[3])
        case "BRANCH":
            return sum(_ways(branch) for branch in value[1])
        case "ASSERT" | "ASSERT_NOT":
            return _ways(value[1])
        case "ATOMIC_GROUP":
            return _ways(value)
        case "GROUPREF_EXISTS":
            return sum(_ways(branch) for branch in value[1:] if branch is not None)
        case _:
            return 1.0


def _repeated(low: int, high: int, inner: float) -> float:
    """Each count is a way; and if one turn has several, they multiply: (a+)+ is 2 to the length of the text."""
    counts = float(high - low + 1)
    if inner <= 1.0:
        return counts
    return counts * math.pow(inner, high) if high * math.log2(inner) < 100 else math.inf


def needles(pattern: str) -> tuple[str, ...]:
    """In lower case; every match, in lower case, contains at least one of them. () when nothing can be said."""
    return _needles(parsed(pattern))


def _needles(items: _Items) -> tuple[str, ...]:
    candidates: list[tuple[str, ...]] = []
    run = ""
    for name, value in items:
        if str(name) == "LITERAL":
            run += chr(value).lower()
            continue
        candidates.append((run,) if run else ())
        run = ""
        candidates.append(_needles_of(str(name), value))
    candidates.append((run,) if run else ())
    return max(candidates, key=lambda each: min((len(needle) for needle in each), default=0))


def _needles_of(name: str, value: Any) -> tuple[str, ...]:
    match name:
        case "SUBPATTERN":
            return _needles(value[3])
        case "BRANCH":
            each = [_needles(branch) for branch in value[1]]
            return tuple(needle for one in each for needle in one) if all(each) else ()
        case "MAX_REPEAT" | "MIN_REPEAT":
            return _needles(value[2]) if value[0] else ()
        case _:
            return ()
