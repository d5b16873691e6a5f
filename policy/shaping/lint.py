"""What a shaping file says that can be used, and yet will not do what its author expects.

Owns   putting each rule's texts to all the rules that its provider's replies are put to.
Knows  nothing of what makes a file unusable (`reading`, `layers`), nor of the doubts themselves (`rulefiles.doubts`).
"""

from collections.abc import Iterable, Iterator

from ...mta.outcome import Stage
from ..rulefiles.doubts import Doubts, missing_base
from ..rulefiles.faults import Fault
from ..rulefiles.patterns import quoted
from .layers import rules_of
from .reading import ShapingFile
from .reply_rule import ReplyRule
from .rule_table import RuleTable


def warnings(shaping: ShapingFile) -> list[Fault]:
    """About every rule, in the order of files and lines."""
    found = [
        *missing_base(shaping.path, shaping.base),
        *_of_owner(shaping.any_rules, "[[any.reply]]", shaping.any_rules),
    ]
    for name, section in shaping.providers.items():
        found += _of_owner(section.rules, f"[[provider.{name}.reply]]", rules_of(shaping, name))
    return sorted(found)


def _of_owner(rules: Iterable[ReplyRule], place: str, asked: tuple[ReplyRule, ...]) -> Iterator[Fault]:
    table = RuleTable(asked)
    for rule in rules:
        for sentence in _doubts(rule, table).all():
            yield Fault(rule.path, rule.line, f"{place} {rule.name}", sentence)


def _doubts(rule: ReplyRule, table: RuleTable) -> Doubts[ReplyRule]:
    alone = RuleTable([rule])
    return Doubts(rule, lambda text: winner(table, rule, text), lambda text: winner(alone, rule, text) is not None)


def winner(table: RuleTable, rule: ReplyRule, text: str) -> ReplyRule | None:
    """Who takes the text at a stage at which `rule` may be asked."""
    return table.rule_for(quoted(text), rule.stages[0] if rule.stages else Stage.MAIL)
