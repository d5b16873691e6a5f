"""The rows of bounces.toml as values: what a category means by itself, and which words mean a category.

Owns   CategoryRow and BounceRule.
Knows  nothing of files, and nothing of matching (`table`).
"""

from enum import StrEnum
from pathlib import Path

import msgspec

from ...mta.outcome import Scope, Stage
from .meaning import Action, Blame, BounceKind, Disposition


class Origin(StrEnum):
    """Where words are from."""

    REPLY = "reply"  # heard in a dialog of ours
    NOTICE = "notice"  # told later, by a message


class CategoryRow(msgspec.Struct, frozen=True):
    """`[category.NAME]`: what holds unless a rule says otherwise."""

    name: str
    path: Path
    line: int
    kind: BounceKind = BounceKind.SOFT
    blame: Blame = Blame.NOBODY
    action: Action = Action.DROP
    disposition: Disposition = Disposition.AS_REPLIED
    scope: Scope | None = None
    status: str = ""


class BounceRule(msgspec.Struct, frozen=True):
    """`[[rule]]`. `text` is searched, ignoring case, in code, enhanced code and words in one line (`wording.plain`).

    What is None or "" is the category's.
    """

    name: str
    path: Path
    line: int
    category: str = ""
    text: str = ""
    codes: tuple[int, ...] = ()  # first one or three digits of the code; () = 4 and 5
    enhanced: tuple[str, ...] = ()  # "5.7.1", "x.7.1" (4 and 5), "5.7" (all below it)
    stages: tuple[Stage, ...] = ()  # () = any; of a notice nobody knows the stage
    origin: Origin | None = None  # None: both
    provider: tuple[str, ...] = ()  # names of conf/shaping.toml, or ends of host names; () = any
    kind: BounceKind | None = None
    blame: Blame | None = None
    action: Action | None = None
    disposition: Disposition | None = None
    scope: Scope | None = None
    retry_after_seconds: int | None = None
    status: str = ""
    fact: str = ""
    examples: tuple[str, ...] = ()
    near_misses: tuple[str, ...] = ()
