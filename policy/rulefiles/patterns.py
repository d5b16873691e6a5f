"""Reading what a rule fits: a pattern, codes, enhanced codes, stages, texts as they were seen.

Owns   these readers and `quoted`, a reply as a person quotes it. A reader raises ValueError with one Phrase.
Knows  no key, and nothing of what a rule does.
"""

import re
from typing import Any, cast

from ...mta.outcome import Stage
from ...mta.reply import Reply, from_text_lines
from .fields import text, texts
from .pattern_cost import MAX_WAYS, ways
from .phrases import phrased

STAGES = tuple(str(stage) for stage in Stage if stage not in (Stage.ROUTE, Stage.CONNECT))
_ENHANCED = re.compile(r"[45]\.\d{1,3}\.\d{1,3}")
_LINE = re.compile(r"([245]\d\d)(?:[ -](.*))?", re.DOTALL)


def pattern(raw: Any) -> str:
    """A regular expression whose cost has a bound."""
    expression = text(raw)
    try:
        compiled = re.compile(expression, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(phrased("is no regular expression: {why}", why=error)) from error
    if compiled.search(""):
        raise ValueError(phrased("fits every text, also an empty one"))
    if ways(expression) > MAX_WAYS:
        raise ValueError(
            phrased("could take very long: give repetitions a bound, like .{0,40} or [0-9]{1,3}, and nest none")
        )
    return expression


def codes(raw: Any) -> tuple[int, ...]:
    each = cast("list[Any]", raw) if isinstance(raw, list) and raw else []
    if not each or not all(type(one) is int and (one in (4, 5) or 400 <= one < 600) for one in each):
        raise ValueError(phrased("needs a list of reply codes, e.g. [421, 451], or first digits [4]"))
    return tuple(each)


def enhanced(raw: Any) -> tuple[str, ...]:
    each = texts(raw)
    if not all(map(_ENHANCED.fullmatch, each)):
        raise ValueError(phrased('needs a list of enhanced codes, e.g. ["4.7.28"]'))
    return each


def stages(raw: Any) -> tuple[Stage, ...]:
    each = texts(raw)
    if unknown := [one for one in each if one not in STAGES]:
        raise ValueError(phrased('"{word}" is no stage: {words}', word=unknown[0], words=", ".join(STAGES)))
    return tuple(Stage(one) for one in each)


def quotes(raw: Any) -> tuple[str, ...]:
    """Replies, each as it was seen."""
    each = texts(raw)
    for one in each:
        quoted(one)
    return each


def quoted(text: str) -> Reply:
    """The reply that a person wrote down, of one or several lines. Raises ValueError."""
    code = ""
    lines: list[str] = []
    for line in text.strip().splitlines() or [""]:
        found = _LINE.fullmatch(line.strip())
        if found is None and not code:
            raise ValueError(phrased('is no reply ("{text}"): it starts with a code, like 421 or 550', text=text[:60]))
        code = code or str(found and found[1])
        lines.append(line if found is None else found[2] or "")
    return from_text_lines(int(code), lines)


def code_fits(wanted: tuple[int, ...], code: int) -> bool:
    """`wanted`: first one or three digits each; () = any failure."""
    if not 400 <= code < 600:
        return False
    return not wanted or code in wanted or code // 100 in wanted
