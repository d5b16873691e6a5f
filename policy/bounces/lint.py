"""What bounces.toml says that can be used, and yet will not do what its author expects.

Owns   putting every example to the whole set: exactly the rule that it was written for must win, wherever it may
       be said.
Knows  nothing of what makes a file unusable (`reading`, `bounce_file`).
"""

from ...mta.outcome import Stage
from ..rulefiles.doubts import Doubts, missing_base
from ..rulefiles.faults import Fault
from ..rulefiles.patterns import quoted
from .bounce_file import BounceFile
from .rule import BounceRule, Origin
from .ruling import BounceRules
from .said import Said, heard


def warnings(rules: BounceRules) -> list[Fault]:
    """About every rule that the file itself has, in the order of lines."""
    found = list(missing_base(rules.file.path, rules.file.base))
    for rule in [each for each in rules.file.rules if each.path == rules.file.path]:
        found += [Fault(rule.path, rule.line, f"[[rule]] {rule.name}", doubt) for doubt in _doubts(rules, rule).all()]
    return sorted(found)


def _doubts(rules: BounceRules, rule: BounceRule) -> Doubts[BounceRule]:
    alone = BounceRules(BounceFile(rule.path, "none", rules.file.categories, (rule,)))
    return Doubts(rule, lambda text: winner(rules, rule, text), lambda text: rule in takers(alone, rule, text))


def winner(rules: BounceRules, rule: BounceRule, text: str) -> BounceRule | None:
    """Who takes the text wherever `rule` may be asked: `rule` when it always does, else who does in one place."""
    return next((one for one in takers(rules, rule, text) if one is not rule), rule)


def takers(rules: BounceRules, rule: BounceRule, text: str) -> list[BounceRule | None]:
    return [rules.rule_for(said) for said in as_said(rule, text)]


def as_said(rule: BounceRule, text: str) -> list[Said]:
    """The text at every place where the rule may hear it: words without a code are a notice's."""
    provider = rule.provider[0] if rule.provider else ""
    try:
        reply = quoted(text)
    except ValueError:
        return [Said(0, "", text, provider, origin=Origin.NOTICE)]
    said = heard(reply, provider, rule.stages[0] if rule.stages else Stage.RCPT)
    notice = Said(said.code, said.enhanced, said.text, provider, origin=Origin.NOTICE)
    if rule.origin is Origin.REPLY or rule.stages:
        return [said]
    return [notice] if rule.origin is Origin.NOTICE else [said, notice]
