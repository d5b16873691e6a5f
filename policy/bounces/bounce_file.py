"""What one bounces.toml says, or two of them over each other.

Owns   the value BounceFile, and what the operator's file replaces in the shipped one.
Knows  no key of TOML (`reading`).

A category replaces the category, a line of a table the line. A rule replaces the rule of its name in its place; new
ones come before the shipped ones, because what an operator writes is meant to win.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ..rulefiles.faults import Fault
from ..rulefiles.phrases import Phrase, phrased
from .rule import BounceRule, CategoryRow


class BounceFile(msgspec.Struct, frozen=True):
    path: Path
    base: str = ""  # "shipped": over the shipped file; "none" or "": in its place
    categories: dict[str, CategoryRow] = {}
    rules: tuple[BounceRule, ...] = ()
    enhanced: dict[str, str] = {}  # "5.1.1" or "x.1.1": a category, or "" for what says nothing
    codes: dict[str, str] = {}  # "521": a category
    lines: dict[str, int] = {}  # of the keys of these two


def laid_over(base: BounceFile, own: BounceFile) -> BounceFile:
    mine = {rule.name: rule for rule in own.rules}
    below = [mine.pop(rule.name, rule) for rule in base.rules]
    return replace(
        own,
        categories=base.categories | own.categories,
        rules=(*mine.values(), *below),
        enhanced=base.enhanced | own.enhanced,
        codes=base.codes | own.codes,
    )


def faults_between(file: BounceFile) -> Iterator[Fault]:
    """What no table can see by itself: a category that is described nowhere."""
    for rule in file.rules:
        if rule.category not in file.categories:
            yield Fault(rule.path, rule.line, f"[[rule]] {rule.name}", _no_category(rule.category))
    for table, keys in (("enhanced", file.enhanced), ("code", file.codes)):
        for key, category in keys.items():
            if category and category not in file.categories:
                yield Fault(file.path, file.lines.get(key, 0), f"[{table}] {key}", _no_category(category))


def _no_category(name: str) -> Phrase:
    return phrased("there is no [category.{name}]", name=name)
