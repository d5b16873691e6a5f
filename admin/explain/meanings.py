"""What a row of the journal means by the bounce rules in force: kind, blame and action, which rows do not keep.

Owns   Meant, and what is asked of the rules.
Knows  no rule and no word of a language.

Invariants
    The category of the row is what was acted on; a rule that has changed since does not rewrite the past.
"""

import msgspec
from msgspec.structs import replace

from ...mta.outcome import Stage
from ...policy.bounces.meaning import Action, Blame, BounceKind, Meaning, fitting
from ...policy.bounces.rule import Origin
from ...policy.bounces.ruling import BounceRules
from ...policy.bounces.said import Said
from ...queue.journal import Facts, JournalKind, JournalRow

_STAGES = frozenset(Stage)
FAILURES = frozenset({JournalKind.DEFERRED, JournalKind.BOUNCED, JournalKind.LATE_BOUNCE})


class Meant(msgspec.Struct, frozen=True):
    """`is_unusual`: the rule blames another than the category does by itself."""

    meaning: Meaning
    is_unusual: bool = False


def meant_by(row: JournalRow | None, rules: BounceRules | None) -> Meant | None:
    """None for what is no failure, and without rules."""
    if row is None or rules is None or row.kind not in FAILURES:
        return None
    meaning = _meaning(row.facts, rules)
    if row.kind is not JournalKind.DEFERRED:
        meaning = replace(meaning, action=meaning.action_for(final=True))
    return Meant(meaning, bool(meaning.category) and rules.of_category(meaning.category).blame is not meaning.blame)


def _meaning(facts: Facts, rules: BounceRules) -> Meaning:
    if facts.bounce_kind:
        found = rules.meaning(_said(facts, Origin.NOTICE))
        found = found if found.category == facts.category else rules.of_category(facts.category)
        action = found.action if facts.bounce_kind == BounceKind.HARD else fitting(Action.RETRY, final=True)
        return replace(found, kind=BounceKind(facts.bounce_kind), blame=Blame(facts.blame), action=action)
    if not facts.code:
        return rules.of_category(facts.category)
    found = rules.meaning(_said(facts))
    return found if facts.category in ("", found.category) else rules.of_category(facts.category)


def _said(facts: Facts, origin: Origin = Origin.REPLY) -> Said:
    text = " ".join(part for part in (str(facts.code), facts.enhanced, facts.text) if part)
    stage = Stage(facts.stage) if facts.stage in _STAGES else None
    return Said(facts.code, facts.enhanced, text, facts.provider or facts.site or facts.remote, stage, origin)
