"""Recipients of one letter that share a fate: the same state for the same reason.

Owns   what makes two fates equal. Times do not: of those that share one, the first that comes next is told.
Knows  no words.
"""

from collections.abc import Hashable, Sequence

import msgspec

from .explanation import Explanation


class Fate(msgspec.Struct, frozen=True):
    """`told` stands for all of `addresses`."""

    told: Explanation
    addresses: tuple[str, ...]


def fates(explanations: Sequence[Explanation]) -> list[Fate]:
    """In the order of their first recipients."""
    groups: dict[Hashable, list[Explanation]] = {}
    for each in explanations:
        groups.setdefault(_what_counts(each), []).append(each)
    return [_fate(group) for group in groups.values()]


def _fate(group: Sequence[Explanation]) -> Fate:
    soonest = min(group, key=lambda each: each.coming.at_ms)
    return Fate(soonest, tuple(each.letter.recipient.address for each in group))


def _what_counts(explanation: Explanation) -> Hashable:
    wait, notice, last, late = explanation.wait, explanation.notice, explanation.last, explanation.late
    said = (last.facts.code, last.facts.enhanced, last.facts.category) if last is not None else ()
    return (
        explanation.letter.recipient.state,
        (wait.why, wait.who, wait.reason, wait.words, wait.provider) if wait is not None else (),
        explanation.coming.next,
        said,
        explanation.ending.facts.reason if explanation.ending is not None else "",
        explanation.advice,
        (late.kind, late.facts.category, late.facts.bounce_kind) if late is not None else (),
        (notice.message_id, notice.is_queued) if notice is not None else (),
        tuple(each.reason for each in explanation.stopped_by or ()),
    )
