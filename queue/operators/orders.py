"""Orders: what somebody wants done to the queue, as it comes over a control socket.

Owns   the value Order, what a suspension's terms may be, and why an order is refused.
Knows  nothing of how it is carried out (queue.operators.operating).
"""

from enum import StrEnum
from typing import Literal

import msgspec

from ..limits import RateLimit
from ..pace.suspensions import Suspension, SuspensionScope
from .selections import Selection


class Refusal(StrEnum):
    """Why nothing was done. The words are admin's."""

    NO_SCOPE = "no-scope"  # suspend names not exactly one provider, site, domain, account or stream
    NOT_IN_FORCE = "not-in-force"  # nothing of what was meant is suspended
    UNKNOWN = "unknown-operation"
    NOTHING_DONE = "nothing-done"  # there is no operation that could be undone
    UNDONE = "undone-already"
    FINAL = "final"  # cancelled letters cannot come back
    NO_TRACE = "no-trace"  # a flush leaves nothing to undo
    AN_UNDO = "an-undo"


class Terms(msgspec.Struct, frozen=True):
    """How something is suspended: stopped, or slowed where one of the last three is given."""

    source: str = ""  # with a provider: only mail from this source
    sender_domain: str = ""  # with a provider: only this sender's mail
    seconds: float = 0.0  # 0: until somebody resumes
    share: float = 1.0
    message_rate: RateLimit | None = None
    connections: int = 0

    @property
    def stops(self) -> bool:
        return self.share >= 1.0 and self.message_rate is None and not self.connections


class Order(msgspec.Struct, frozen=True):
    """What somebody wants done."""

    operation: Literal["flush", "hold", "release", "cancel", "suspend", "resume", "undo"]
    selection: Selection  # undo: nothing
    reason: str = ""
    who: str = ""
    terms: Terms = Terms()
    number: int = 0  # resume: of a suspension; undo: of an operation, 0 for the newest


def scope_of(selection: Selection) -> tuple[SuspensionScope, str] | None:
    """What a suspension would name; None when the selection names nothing, or more than one thing."""
    named = [
        (SuspensionScope.PROVIDER, selection.provider),
        (SuspensionScope.SITE, selection.site),
        (SuspensionScope.DOMAIN, selection.domain),
        (SuspensionScope.ACCOUNT, str(selection.account_id or "")),
        (SuspensionScope.STREAM, str(selection.stream_id or "")),
    ]
    given = [each for each in named if each[1]]
    return given[0] if len(given) == 1 and not selection.names_letters else None


def suspension_of(order: Order, scope: tuple[SuspensionScope, str], number: int, now_ms: int) -> Suspension:
    """The suspension that an order asks for."""
    terms = order.terms
    return Suspension(
        id=number,
        scope=scope[0],
        subject=scope[1],
        source=terms.source,
        sender_domain=terms.sender_domain,
        stop=terms.stops,
        share=terms.share,
        message_rate=terms.message_rate,
        connections=terms.connections,
        since_ms=now_ms,
        until_ms=now_ms + int(terms.seconds * 1000) if terms.seconds else None,
        reason=order.reason,
        who=order.who,
    )


def is_meant(suspension: Suspension, order: Order) -> bool:
    """Whether `resume` means this one: by its number, by what it names, or all of them."""
    if order.number:
        return suspension.id == order.number
    terms = order.terms
    if terms.source and suspension.source != terms.source:
        return False
    if terms.sender_domain and suspension.sender_domain != terms.sender_domain:
        return False
    return order.selection == Selection() or (suspension.scope, suspension.subject) == scope_of(order.selection)
