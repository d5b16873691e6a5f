"""One reply rule: which words of a receiver change our pace, and how.

Owns   the value ReplyRule.
Knows  nothing of files, and nothing of what a reply means for its recipient (policy.bounces).
"""

from pathlib import Path

import msgspec

from ...mta.outcome import Stage
from ...queue.reactions import Reaction
from ..rulefiles.units import NextDay


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
