"""What a peer's words mean for the one recipient: the bounce rules, applied.

Owns   RuleJudge, which implements `queue.judging.ReplyJudge`.
Knows  no words itself (policy.bounces) and no waiting times (policy.retry).

Invariants
    Q5  A rule may widen an outcome's scope (a 550 about our address speaks about the provider) and changes nothing
        else but disposition, kind and hint. An outcome without a reply keeps what the dialog said.
    Q3  An outcome after the final dot without a reply stays ambiguous.
    A 5yz that no rule knows stays final for that recipient and gets no kind: it marks no address.
    A refusal before MAIL speaks about us, not about the recipient, so it is never final.
"""

import re
from typing import assert_never

from msgspec.structs import replace

from ..mta.outcome import Deferred, Delivered, Failed, Outcome, Scope, Stage
from ..mta.reply import Reply
from ..queue.classes import MailClass
from ..queue.judging import AttemptFacts
from .bounces.rules import RULES, BounceRule, Disposition
from .hints import hint_seconds

MAX_TEXT = 2000  # characters that are looked at; a longer reply says nothing new
BEFORE_MAIL = frozenset({Stage.CONNECT, Stage.GREETING, Stage.EHLO, Stage.TLS})


class RuleJudge:
    """Implements ReplyJudge with a table of rules."""

    def __init__(self, rules: tuple[BounceRule, ...] = RULES) -> None:
        self._rules = [(rule, re.compile(rule.text, re.IGNORECASE)) for rule in rules]

    def judge(self, outcome: Outcome, facts: AttemptFacts) -> Outcome:
        if isinstance(outcome, Delivered) or outcome.reply is None or outcome.category:
            return outcome
        text = str(outcome.reply)[:MAX_TEXT]
        rule = self.rule_for(outcome.reply, text, outcome.stage)
        if rule is None:
            return _without_rule(outcome, text)
        return _with_rule(outcome, rule, text, facts.mail_class)

    def rule_for(self, reply: Reply, text: str, stage: Stage) -> BounceRule | None:
        """The first rule that fits."""
        for rule, pattern in self._rules:
            if _code_fits(rule, reply.code) and (not rule.stages or stage in rule.stages) and pattern.search(text):
                return rule
        return None


def _code_fits(rule: BounceRule, code: int) -> bool:
    return not rule.codes or code in rule.codes or code // 100 in rule.codes


def _without_rule(outcome: Deferred | Failed, text: str) -> Outcome:
    if isinstance(outcome, Failed):
        return _deferred(outcome, outcome.scope, "", None) if outcome.stage in BEFORE_MAIL else outcome
    return replace(outcome, retry_after_seconds=hint_seconds(text))


def _with_rule(outcome: Deferred | Failed, rule: BounceRule, text: str, mail_class: MailClass) -> Outcome:
    scope = rule.scope or outcome.scope
    if outcome.stage in BEFORE_MAIL and scope in (Scope.RECIPIENT, Scope.MESSAGE):
        scope = outcome.scope  # said to a connection, it cannot speak about one letter
    if _is_final(outcome, rule.disposition, mail_class):
        return Failed(outcome.stage, scope, outcome.reply, outcome.why, outcome.peer, rule.kind)
    return _deferred(outcome, scope, rule.kind, hint_seconds(text) or rule.retry_after_seconds)


def _is_final(outcome: Deferred | Failed, disposition: Disposition, mail_class: MailClass) -> bool:
    if outcome.stage in BEFORE_MAIL:
        return False
    replied_final = isinstance(outcome, Failed)
    match disposition:
        case Disposition.AS_REPLIED:
            return replied_final
        case Disposition.RETRY:
            return False
        case Disposition.BULK_RETRIES:
            return replied_final and mail_class is not MailClass.BULK
        case Disposition.PEOPLE_FINAL:
            return replied_final and mail_class is MailClass.PEOPLE
        case Disposition.FINAL:
            return True
        case _:
            assert_never(disposition)


def _deferred(outcome: Deferred | Failed, scope: Scope, category: str, hint: int | None) -> Deferred:
    if isinstance(outcome, Deferred):
        return replace(outcome, scope=scope, category=category, retry_after_seconds=hint)
    return Deferred(
        outcome.stage, scope, outcome.reply, outcome.why, outcome.peer, category=category, retry_after_seconds=hint
    )
