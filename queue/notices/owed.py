"""Owed: which notice a sender is owed after what happened to one recipient. Pure.

Owns   the decision by event, mail class and NOTIFY, and how long a recipient waits before its sender is told.
Knows  nothing of rows' storage or of what a notice looks like.

Invariants
    Never for a notice, never to the null reverse-path (RFC 5321 §4.5.5) or to a VERP one of ours, never for bulk:
    their outcomes are events.
    NEVER is never answered; without NOTIFY people hear of failure and delay, as RFC 3461 §4.1 leaves it to us, and a
    program hears nothing that it did not ask for. Delay is told to people only.
    A next hop that was given NOTIFY owes the notice of success itself (RFC 3461 §5.2.1).
"""

from typing import Protocol

from ..classes import MailClass
from ..signed_address import verp_token
from ..states import Event

DELAY_MS = 4 * 3_600_000
"""RFC 5321 §4.5.4.1 leaves the time open; four hours is what senders know from other systems."""

_ENDS_IN_FAILURE = frozenset({Event.BOUNCE, Event.EXPIRE, Event.SKIP})


class Asked(Protocol):
    """What a recipient's row says about its sender."""

    @property
    def mail_class(self) -> str: ...
    @property
    def reverse_path(self) -> str: ...
    @property
    def notify(self) -> str: ...
    @property
    def is_notice(self) -> int: ...


def owes_notice(event: Event, asked: Asked, *, next_hop_owes: bool = False) -> bool:
    """Whether the end of this recipient is told to the reverse-path."""
    if event is Event.DELIVER:
        return bool(asked.notify) and not next_hop_owes and _wants("SUCCESS", asked)
    return event in _ENDS_IN_FAILURE and _wants("FAILURE", asked)


def may_hear_of_delay(asked: Asked) -> bool:
    """Whether the sender is told when this recipient waits for long."""
    return asked.mail_class == MailClass.PEOPLE and _wants("DELAY", asked)


def _wants(word: str, asked: Asked) -> bool:
    if not asked.reverse_path or asked.is_notice or asked.mail_class == MailClass.BULK:
        return False
    if verp_token(asked.reverse_path.rpartition("@")[0]) is not None:
        return False
    if asked.notify:
        return word in asked.notify.upper().split(",")
    return asked.mail_class == MailClass.PEOPLE and word != "SUCCESS"
