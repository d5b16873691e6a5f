"""The reply rules of one provider, ready to be asked: the first that fits wins.

Owns   matching.
Knows  no file. What a reply does when it fits is in the rule.

Nearly every reply fits no rule, so what is cheap is asked first: the code, then whether a word occurs that the
pattern cannot do without, then the pattern.
"""

import re
from collections.abc import Sequence

from ...mta.outcome import Stage
from ...mta.reply import Reply
from ..rulefiles.pattern_cost import MAX_TEXT, needles
from ..rulefiles.patterns import code_fits
from .reply_rule import ReplyRule

_Row = tuple[ReplyRule, tuple[str, ...], re.Pattern[str]]


class RuleTable:
    def __init__(self, rules: Sequence[ReplyRule]) -> None:
        self.rules = tuple(rules)
        self._by_code: dict[int, tuple[_Row, ...]] = {}
        self._rows: tuple[_Row, ...] = tuple(
            (rule, needles(rule.text), re.compile(rule.text, re.IGNORECASE)) for rule in rules
        )

    def rule_for(self, reply: Reply, stage: Stage) -> ReplyRule | None:
        rows = self._by_code.get(reply.code)
        if rows is None:
            rows = self._by_code[reply.code] = tuple(row for row in self._rows if code_fits(row[0].codes, reply.code))
        if not rows:
            return None
        text = str(reply)[:MAX_TEXT]
        lowered = text.lower()
        for rule, words, pattern in rows:
            if words and not any(word in lowered for word in words):
                continue
            if _fits(rule, reply, stage) and pattern.search(text):
                return rule
        return None


def _fits(rule: ReplyRule, reply: Reply, stage: Stage) -> bool:
    return (not rule.enhanced or reply.enhanced in rule.enhanced) and (not rule.stages or stage in rule.stages)
