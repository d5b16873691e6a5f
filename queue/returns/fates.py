"""Fates: what a report counts a recipient as. Its state, and what was heard of it after it had ended.

Owns   the words, the fate of each ending, and which news changes which fate. Pure.
Knows  no rule: whether a refusal is hard or soft is policy's, so the fate of a bounced recipient is not told here.

Invariants
    A fate only ever gets worse: delivered or unconfirmed, soft late, hard late, complaint. So the order in which news
    arrives does not matter, and what is heard again changes nothing.
    News changes the fate only of a recipient that had ended, and whose letter may have arrived: who was refused,
    skipped or cancelled stays it.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from ..journal import JournalKind
from ..states import RecipientState


class Fate(StrEnum):
    """The words are in rows of journals and counters."""

    DELIVERED = "delivered"
    HARD = "hard"  # refused in the dialogue
    SOFT = "soft"
    HARD_LATE = "hard-late"  # taken, and bounced afterwards
    SOFT_LATE = "soft-late"
    COMPLAINT = "complaint"
    EXPIRED = "expired"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNCONFIRMED = "unconfirmed"


HARD, SOFT = "hard", "soft"
"""Facts.bounce_kind of a late bounce (policy.bounces.meaning.BounceKind)."""

FATE_OF_ENDING: Mapping[JournalKind, Fate | None] = MappingProxyType(
    {
        JournalKind.DELIVERED: Fate.DELIVERED,
        JournalKind.UNCONFIRMED: Fate.UNCONFIRMED,
        JournalKind.EXPIRED: Fate.EXPIRED,
        JournalKind.SKIPPED: Fate.SKIPPED,
        JournalKind.CANCELLED: Fate.CANCELLED,
        JournalKind.BOUNCED: None,  # hard or soft: policy's
    }
)
"""Journal kinds that end a recipient, each of them once."""

_MAY_HAVE_ARRIVED: Mapping[RecipientState, Fate] = MappingProxyType(
    {RecipientState.DELIVERED: Fate.DELIVERED, RecipientState.UNCONFIRMED: Fate.UNCONFIRMED}
)
_WORSE = {Fate.DELIVERED: 0, Fate.UNCONFIRMED: 0, Fate.SOFT_LATE: 1, Fate.HARD_LATE: 2, Fate.COMPLAINT: 3}


def open_fate(state: RecipientState) -> Fate | None:
    """The fate of a recipient in this state if news may change it."""
    return _MAY_HAVE_ARRIVED.get(state)


def fate_after(before: Fate, kind: JournalKind, bounce_kind: str) -> Fate:
    """The fate once this was heard; the same when it changes nothing."""
    heard = _said(kind, bounce_kind)
    return heard if heard is not None and _WORSE[heard] > _WORSE.get(before, 9) else before


def _said(kind: JournalKind, bounce_kind: str) -> Fate | None:
    if kind is JournalKind.COMPLAINT:
        return Fate.COMPLAINT
    if kind is JournalKind.LATE_BOUNCE:
        return Fate.HARD_LATE if bounce_kind == HARD else Fate.SOFT_LATE
    return None
