"""What a row of the journal means by the bounce rules in force: kind, blame and action, which rows do not keep.

Owns   Meant, what is asked of the rules, and the categories of attempts that nobody answered.
Knows  no rule and no word of a language.

Invariants
    The category of the row is what was acted on; a rule that has changed since does not rewrite the past.
"""

import re

import msgspec
from msgspec.structs import replace

from ...mta.outcome import Scope, Stage
from ...mta.reply import reply_line
from ...policy.bounces import categories
from ...policy.bounces.meaning import Action, Blame, BounceKind, Meaning, fitting
from ...policy.bounces.rule import Origin
from ...policy.bounces.ruling import BounceRules
from ...policy.bounces.said import Said
from ...queue.journal import Facts, JournalKind, JournalRow

_STAGES = frozenset(Stage)
_REPLY = re.compile(r"(?P<code>[45]\d\d)\b(?:[ -](?P<enhanced>[45]\.\d{1,3}\.\d{1,3}))?")
FAILURES = frozenset({JournalKind.DEFERRED, JournalKind.BOUNCED, JournalKind.LATE_BOUNCE})


class Meant(msgspec.Struct, frozen=True):
    """`is_unusual`: the rule blames another than the category does by itself."""

    meaning: Meaning
    is_unusual: bool = False
    provider: str = ""  # whose host said so, where the row names only the host


def meant_by(row: JournalRow | None, rules: BounceRules | None) -> Meant | None:
    """None for what is no failure, and without rules."""
    if row is None or rules is None or row.kind not in FAILURES:
        return None
    meaning = _meaning(row.facts, rules)
    if row.kind is not JournalKind.DEFERRED:
        meaning = replace(meaning, action=meaning.action_for(final=True))
    is_unusual = bool(meaning.category) and rules.of_category(meaning.category).blame is not meaning.blame
    return Meant(meaning, is_unusual, _provider_at(row.facts.remote, rules))


def meant_by_reply(reply: str, provider: str, rules: BounceRules | None) -> Meant | None:
    """Of a reply that stopped more than one letter: code and words in one line."""
    if rules is None or not (read := _REPLY.match(reply)):
        return None
    said = Said(int(read["code"]), read["enhanced"] or "", reply, provider, Stage.MAIL)
    meaning = rules.meaning(said)
    return Meant(meaning, provider=provider) if meaning.category else None


def _provider_at(host: str, rules: BounceRules) -> str:
    provider = rules.provider_at(host) if host else ""
    return provider if "." not in provider else ""


def _meaning(facts: Facts, rules: BounceRules) -> Meaning:
    if facts.bounce_kind:
        return _of_notice(facts, rules)
    if not facts.code:
        return rules.of_category(facts.category or _unanswered(facts))
    found = rules.meaning(_said(facts))
    return found if facts.category in ("", found.category) else rules.of_category(facts.category)


def _of_notice(facts: Facts, rules: BounceRules) -> Meaning:
    found = rules.meaning(_said(facts, Origin.NOTICE))
    found = found if found.category == facts.category else rules.of_category(facts.category)
    action = found.action if facts.bounce_kind == BounceKind.HARD else fitting(Action.RETRY, final=True)
    return replace(found, kind=BounceKind(facts.bounce_kind), blame=Blame(facts.blame), action=action)


def is_fault_of_ours(row: JournalRow) -> bool:
    """Whether an attempt ended by an error of this system: nobody answered, and it speaks of the letter."""
    facts = row.facts
    return row.kind is JournalKind.DEFERRED and not (facts.code or facts.category) and facts.scope == Scope.MESSAGE


def _unanswered(facts: Facts) -> str:
    """Of an attempt that ended without an answer; "" for a fault of ours."""
    if facts.stage not in _STAGES or facts.scope == Scope.MESSAGE:
        return ""
    return categories.SECURITY if facts.stage == Stage.TLS else categories.NO_ANSWER


def _said(facts: Facts, origin: Origin = Origin.REPLY) -> Said:
    text = reply_line(facts.code, facts.enhanced, facts.text)
    stage = Stage(facts.stage) if facts.stage in _STAGES else None
    return Said(facts.code, facts.enhanced, text, facts.provider or facts.site or facts.remote, stage, origin)
