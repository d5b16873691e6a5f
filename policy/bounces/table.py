"""Rules in the order in which they are asked: the first that fits wins.

Owns   matching, and the order: rules with a text, with enhanced codes, with codes only; within each, those of the
       provider first; and when nobody knows the provider, those of all providers last.
Knows  no file, and nothing of what a rule means.

Nearly every rule fits nothing, so what is cheap is asked first: whether a word occurs that its pattern cannot do
without; then code and place; then the pattern.
"""

import re
from collections.abc import Iterable, Sequence

import msgspec

from ...mta.outcome import Stage
from ..rulefiles.needle_index import NeedleIndex
from ..rulefiles.pattern_cost import needles
from ..rulefiles.patterns import code_fits
from .rule import BounceRule
from .said import Said, plain


class Row(msgspec.Struct, frozen=True):
    """A rule, ready to be asked."""

    rule: BounceRule
    pattern: re.Pattern[str] | None
    about_recipient: bool  # before RCPT nobody has named one


class Fit(msgspec.Struct, frozen=True):
    rule: BounceRule
    words: str


class RuleTable:
    """The rules that one provider's words are put to."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = tuple(rows)
        words = [(needles(row.rule.text) if row.pattern else (), at) for at, row in enumerate(self.rows)]
        self._index = NeedleIndex([(needle, at) for each, at in words for needle in each])
        self._always = tuple(at for each, at in words if not each)

    def first(self, said: Said) -> Fit | None:
        text = plain(said.text)
        for at in sorted(self._index.found(text.lower()).union(self._always)):
            row = self.rows[at]
            if _place_fits(row, said) and (words := _words(row, text)) is not None:
                return Fit(row.rule, words)
        return None


class Tables(msgspec.Struct, frozen=True):
    """What one provider's words are put to, one after another."""

    texts: RuleTable
    statuses: RuleTable  # rules without a text that ask for enhanced codes
    codes: RuleTable  # rules with reply codes only


def tables(rows: Iterable[Row], owners: frozenset[str] | None) -> Tables:
    """`owners`: the names in `provider` keys that are this provider; None: it is unknown."""
    ordered = _in_order(rows, owners)
    return Tables(
        RuleTable([row for row in ordered if row.rule.text]),
        RuleTable([row for row in ordered if not row.rule.text and row.rule.enhanced]),
        RuleTable([row for row in ordered if not row.rule.text and not row.rule.enhanced]),
    )


def _in_order(rows: Iterable[Row], owners: frozenset[str] | None) -> list[Row]:
    mine: list[Row] = []
    general: list[Row] = []
    for row in rows:
        if not row.rule.provider:
            general.append(row)
        elif owners is None or not owners.isdisjoint(row.rule.provider):
            mine.append(row)
    return [*general, *mine] if owners is None else [*mine, *general]


def _words(row: Row, text: str) -> str | None:
    if row.pattern is None:
        return ""
    found = row.pattern.search(text)
    return found[0] if found else None


def _place_fits(row: Row, said: Said) -> bool:
    rule = row.rule
    if rule.origin is not None and rule.origin is not said.origin:
        return False
    if row.about_recipient and names_no_recipient(said.stage):
        return False
    if rule.stages and said.stage is not None and said.stage not in rule.stages:
        return False
    return _codes_fit(rule, said) and (
        not rule.enhanced or any(enhanced_fits(one, said.enhanced) for one in rule.enhanced)
    )


def names_no_recipient(stage: Stage | None) -> bool:
    return stage in (Stage.CONNECT, Stage.GREETING, Stage.EHLO, Stage.TLS, Stage.MAIL)


def _codes_fit(rule: BounceRule, said: Said) -> bool:
    """A notice may have the enhanced code only, or none at all: then only what contradicts does not fit."""
    if said.code or not rule.codes:
        return code_fits(rule.codes, said.code) or not rule.codes
    first = said.enhanced[:1]
    return not first or any(str(code)[0] == first for code in rule.codes)


def enhanced_fits(wanted: str, enhanced: str) -> bool:
    """`wanted`: "5.7.1", "x.7.1" or, for all below it, "5.7"."""
    if not enhanced:
        return False
    head, _, rest = wanted.partition(".")
    said_head, _, said_rest = enhanced.partition(".")
    return head in ("x", said_head) and (said_rest == rest or said_rest.startswith(f"{rest}."))
