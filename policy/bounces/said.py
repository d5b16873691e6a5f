"""What somebody said of a failure: the question that the rules are asked.

Owns   the value Said, and the form of its text that patterns are written for.
Knows  no rule.
"""

import re
import unicodedata

import msgspec

from ...mta.outcome import Stage
from ...mta.reply import Reply
from .rule import Origin

MAX_TEXT = 2000  # characters that are looked at; what comes later says nothing new
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u00ad": None})
_SAYS_NOTHING = re.compile(r"[245]\.0{1,3}\.0{1,3}")


class Said(msgspec.Struct, frozen=True):
    """`text` is all that was said, code and enhanced code included where they were said, lines joined."""

    code: int  # 0: none was said
    enhanced: str  # "" or "5.1.1"; X.0.0 means nothing
    text: str
    provider: str = ""  # a name of conf/shaping.toml or host names joined by ","; "": unknown
    stage: Stage | None = None
    origin: Origin = Origin.REPLY

    @property
    def status(self) -> str:
        """The enhanced code when it says something."""
        return "" if _SAYS_NOTHING.fullmatch(self.enhanced) else self.enhanced

    @property
    def is_transient(self) -> bool:
        """By the enhanced code where there is one: notices often have no other."""
        return self.enhanced.startswith("4") or (not self.enhanced and self.code // 100 == 4)


def heard(reply: Reply, provider: str = "", stage: Stage | None = None) -> Said:
    """A reply of a dialog."""
    return Said(reply.code, reply.enhanced, str(reply), provider, stage)


def plain(text: str) -> str:
    """One line, single spaces, plain quotes, compatible characters as one (Unicode NFKC): what patterns see."""
    line = " ".join(text[: 2 * MAX_TEXT].split())
    if not line.isascii():
        line = unicodedata.normalize("NFKC", line.translate(_QUOTES))
    return line[:MAX_TEXT]
