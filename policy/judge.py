"""What a peer's words mean for the one recipient: the bounce rules, applied.

Owns   RuleJudge, which implements `queue.judging.ReplyJudge`.
Knows  no words itself (policy.bounces) and no waiting times (policy.retry).

Invariants
    Q5  A rule may widen an outcome's scope (a 550 about our address speaks about the provider) and changes nothing
        else but disposition, category and hint. An outcome without a reply keeps what the dialog said.
    Q3  An outcome after the final dot without a reply stays ambiguous.
    A 5yz that no rule knows stays final for that recipient and gets no category: it marks no address.
    A refusal before MAIL speaks about us, not about the recipient, so it is never final.
"""

from msgspec.structs import replace

from ..mta.outcome import Deferred, Delivered, Failed, Outcome, Scope, Stage
from ..queue.classes import MailClass
from ..queue.judging import AttemptFacts
from .bounces.loading import load_rules
from .bounces.meaning import Meaning
from .bounces.ruling import BounceRules
from .bounces.said import Said, heard
from .hints import hint_seconds

BEFORE_MAIL = frozenset({Stage.CONNECT, Stage.GREETING, Stage.EHLO, Stage.TLS})
MAX_KNOWN = 4096  # replies whose meaning is remembered: a provider says the same to many


class RuleJudge:
    """Implements ReplyJudge with the bounce rules; the shipped ones without any."""

    def __init__(self, rules: BounceRules | None = None) -> None:
        self.take(rules or load_rules())

    def take(self, rules: BounceRules) -> None:
        """From now on these rules."""
        self.rules = rules
        self._known: dict[Said, Meaning] = {}

    def judge(self, outcome: Outcome, facts: AttemptFacts) -> Outcome:
        if isinstance(outcome, Delivered) or outcome.reply is None or outcome.category:
            return outcome
        said = heard(outcome.reply, facts.provider, outcome.stage)
        meaning = self._meaning(said)
        if not meaning.category:
            return _unknown(outcome, said.text)
        return _known(outcome, meaning, said.text, facts.mail_class)

    def _meaning(self, said: Said) -> Meaning:
        meaning = self._known.get(said)
        if meaning is None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            meaning = self._known[said] = self.rules.meaning(said)
        return meaning


def _unknown(outcome: Deferred | Failed, text: str) -> Outcome:
    if isinstance(outcome, Failed):
        return _deferred(outcome, outcome.scope, "", None) if outcome.stage in BEFORE_MAIL else outcome
    return replace(outcome, retry_after_seconds=hint_seconds(text))


def _known(outcome: Deferred | Failed, meaning: Meaning, text: str, mail_class: MailClass) -> Outcome:
    scope = meaning.scope or outcome.scope
    early = outcome.stage in BEFORE_MAIL
    if early and scope in (Scope.RECIPIENT, Scope.MESSAGE):
        scope = outcome.scope  # said to a connection, it cannot speak about one letter
    if not early and meaning.disposition.is_final(isinstance(outcome, Failed), mail_class):
        return Failed(outcome.stage, scope, outcome.reply, outcome.why, outcome.peer, meaning.category)
    return _deferred(outcome, scope, meaning.category, hint_seconds(text) or meaning.retry_after_seconds)


def _deferred(outcome: Deferred | Failed, scope: Scope, category: str, hint: int | None) -> Deferred:
    if isinstance(outcome, Deferred):
        return replace(outcome, scope=scope, category=category, retry_after_seconds=hint)
    return Deferred(
        outcome.stage, scope, outcome.reply, outcome.why, outcome.peer, category=category, retry_after_seconds=hint
    )
