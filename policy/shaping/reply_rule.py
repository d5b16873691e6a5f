"""One reply rule: which words of a receiver change our pace, and how.

Owns   the value ReplyRule, and reading a reply as a person quotes it.
Knows  nothing of files, and nothing of what a reply means for its recipient (policy.bounces).
"""

import re
from pathlib import Path

import msgspec

from ...mta.outcome import Stage
from ...mta.reply import Reply, from_text_lines
from ...queue.reactions import Reaction
from .units import NextDay

_LINE = re.compile(r"([245]\d\d)(?:[ -](.*))?", re.DOTALL)


class ReplyRule(msgspec.Struct, frozen=True):
    """A row of shaping.toml. `text` is searched, ignoring case, in code, enhanced code and words in one line.

    Without a reaction the rule only keeps later ones away. `until` replaces the reaction's seconds.
    """

    name: str
    path: Path
    line: int
    text: str = ""
    codes: tuple[int, ...] = ()  # first one or three digits of the code; () = 4 and 5
    enhanced: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()  # () = any
    reaction: Reaction | None = None
    until: NextDay | None = None
    fact: str = ""
    examples: tuple[str, ...] = ()
    near_misses: tuple[str, ...] = ()


def quoted(text: str) -> Reply:
    """The reply that a person wrote down, of one or several lines. Raises ValueError."""
    code = ""
    lines: list[str] = []
    for line in text.strip().splitlines() or [""]:
        found = _LINE.fullmatch(line.strip())
        if found is None and not code:
            raise ValueError(f'is no reply ("{text[:60]}"): it starts with a code, like 421 or 550')
        code = code or str(found and found[1])
        lines.append(line if found is None else found[2] or "")
    return from_text_lines(int(code), lines)
