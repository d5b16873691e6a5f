"""The states of a recipient: the one table of what may follow what.

Owns   RecipientState, Event, TABLE and the function `follow`.
Knows  nothing of rows; queue.storage repeats the states in CHECK constraints, tests/house compares the two.

Invariants
    Q1  After 250 every recipient is in exactly one of these states. Terminal states have no exits.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType


class RecipientState(IntEnum):
    """Where a recipient is. The numbers are stored; never renumber."""

    SCHEDULED = 0  # waits for its time, its route or a slot
    LEASED = 1  # a living worker has the exclusive right to attempt it
    HELD = 2  # stopped, with a reason, until released
    DELIVERED = 10
    BOUNCED = 11
    EXPIRED = 12
    CANCELLED = 13
    SKIPPED = 14  # suppression, unsubscribe, hook or render fault; the journal has the reason
    UNCONFIRMED = 15  # maybe sent, and its class does not repeat (Q3)

    @property
    def is_terminal(self) -> bool:
        return not TABLE[self]


class Event(StrEnum):
    """What can happen to a recipient."""

    LEASE = "lease"
    RETURN = "return"  # the lease ends without an attempt
    DELIVER = "deliver"
    DEFER = "defer"
    BOUNCE = "bounce"
    EXPIRE = "expire"
    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"
    SKIP = "skip"
    DOUBT = "doubt"  # maybe sent, and the class does not repeat


class IllegalTransition(Exception):
    """A fault of ours: the event cannot happen in that state."""


_S, _E = RecipientState, Event
_ENDED: Mapping[Event, RecipientState] = MappingProxyType({})

TABLE: Mapping[RecipientState, Mapping[Event, RecipientState]] = MappingProxyType(
    {
        _S.SCHEDULED: MappingProxyType(
            {
                _E.LEASE: _S.LEASED,
                _E.DEFER: _S.SCHEDULED,  # no route for now: the attempt ended before a lease was taken
                _E.BOUNCE: _S.BOUNCED,  # no route ever: no such domain, null MX
                _E.EXPIRE: _S.EXPIRED,
                _E.HOLD: _S.HELD,
                _E.CANCEL: _S.CANCELLED,
                _E.SKIP: _S.SKIPPED,
            }
        ),
        _S.LEASED: MappingProxyType(
            {
                _E.RETURN: _S.SCHEDULED,
                _E.DELIVER: _S.DELIVERED,
                _E.DEFER: _S.SCHEDULED,
                _E.BOUNCE: _S.BOUNCED,
                _E.SKIP: _S.SKIPPED,
                _E.DOUBT: _S.UNCONFIRMED,
            }
        ),
        _S.HELD: MappingProxyType(
            {
                _E.RELEASE: _S.SCHEDULED,
                _E.EXPIRE: _S.EXPIRED,
                _E.CANCEL: _S.CANCELLED,
            }
        ),
        _S.DELIVERED: _ENDED,
        _S.BOUNCED: _ENDED,
        _S.EXPIRED: _ENDED,
        _S.CANCELLED: _ENDED,
        _S.SKIPPED: _ENDED,
        _S.UNCONFIRMED: _ENDED,
    }
)


def follow(state: RecipientState, event: Event) -> RecipientState:
    """The state after `event`. Raises IllegalTransition."""
    try:
        return TABLE[state][event]
    except KeyError:
        raise IllegalTransition(f"{event} cannot happen to a recipient that is {state.name.lower()}") from None
