"""What a shaping file says that can be used, and yet will not do what its author expects.

Owns   looking at each rule with its own examples and near misses: dead, shadowed, catching too much, slow.
Knows  nothing of what makes a file unusable (`reading`, `layers`).
"""

import re
import time
from collections.abc import Iterable, Iterator

from ...mta.outcome import Stage
from ..rulefiles.faults import Fault
from ..rulefiles.pattern_cost import MAX_TEXT
from ..rulefiles.patterns import quoted
from .layers import rules_of
from .reading import ShapingFile
from .reply_rule import ReplyRule
from .rule_table import RuleTable

MIN_EXAMPLES, MIN_NEAR_MISSES = 2, 1
SLOW_SECONDS = 0.005  # for one reply at the worst; `pattern_cost` bounds it at some tens of milliseconds


def warnings(shaping: ShapingFile) -> list[Fault]:
    """About every rule, in the order of files and lines."""
    found = [*_of_file(shaping), *_of_owner(shaping.any_rules, "[[any.reply]]", shaping.any_rules)]
    for name, section in shaping.providers.items():
        found += _of_owner(section.rules, f"[[provider.{name}.reply]]", rules_of(shaping, name))
    return sorted(found)


def _of_file(shaping: ShapingFile) -> Iterator[Fault]:
    if not shaping.base:
        sentence = 'is missing: this file replaces the shipped one; base = "shipped" lays it over that, "none" means it'
        yield Fault(shaping.path, 1, "base", sentence)


def _of_owner(rules: Iterable[ReplyRule], place: str, asked: tuple[ReplyRule, ...]) -> Iterator[Fault]:
    table = RuleTable(asked)
    for rule in rules:
        for sentence in (*_of_examples(rule, table), *_of_near_misses(rule), *_of_scarcity(rule), *_of_time(rule)):
            yield Fault(rule.path, rule.line, f"{place} {rule.name}", sentence)


def _of_examples(rule: ReplyRule, table: RuleTable) -> Iterator[str]:
    alone = RuleTable([rule])
    winners = {text: winner(table, rule, text) for text in rule.examples}
    takers = {taken.name for taken in winners.values() if taken is not None and taken is not rule}
    if rule.examples and not any(one is rule for one in winners.values()) and takers:
        yield f"never wins: all its examples are taken by the earlier {', '.join(sorted(takers))}"
        return
    for text, taken in winners.items():
        if winner(alone, rule, text) is None:
            yield f'does not fit its own example "{_short(text)}"'
        elif taken is not None and taken is not rule:
            yield f'its example "{_short(text)}" is taken by the earlier {taken.name}'


def _of_near_misses(rule: ReplyRule) -> Iterator[str]:
    alone = RuleTable([rule])
    for text in rule.near_misses:
        if winner(alone, rule, text) is not None:
            yield f'fits its near miss "{_short(text)}"'


def _of_scarcity(rule: ReplyRule) -> Iterator[str]:
    if len(rule.examples) < MIN_EXAMPLES:
        yield "has one example only: a second real text shows what may vary"
    if len(rule.near_misses) < MIN_NEAR_MISSES:
        yield "has no near_misses: a text that it must not fit shows where it ends"
    if not rule.fact:
        yield "has no fact: where was the reply seen?"


def _of_time(rule: ReplyRule) -> Iterator[str]:
    """Texts that lead a pattern on and disappoint it at the end. `re` gives up within `pattern_cost`'s bound."""
    pattern = re.compile(rule.text, re.IGNORECASE)
    slowest = max(_seconds(pattern, text) for text in hard_texts(rule))
    if slowest > SLOW_SECONDS:
        yield f"took {slowest * 1000:.0f} ms for one text: make its gaps shorter"


def hard_texts(rule: ReplyRule) -> list[str]:
    """The beginnings of its examples over and over, and what many patterns begin with."""
    beginnings = [text[: len(text) // 2] for text in rule.examples]
    return [(text * MAX_TEXT)[:MAX_TEXT] for text in (*beginnings, "a", "1.", " ", "[", "4.7.1 ") if text]


def _seconds(pattern: re.Pattern[str], text: str) -> float:
    """The better of two, so that a busy machine accuses nobody."""
    taken: list[float] = []
    for _ in range(2):
        started = time.process_time()
        pattern.search(text)
        taken.append(time.process_time() - started)
    return min(taken)


def winner(table: RuleTable, rule: ReplyRule, text: str) -> ReplyRule | None:
    """Who takes the text at a stage at which `rule` may be asked."""
    return table.rule_for(quoted(text), rule.stages[0] if rule.stages else Stage.MAIL)


def _short(text: str) -> str:
    return " ".join(text.split())[:60]
