"""The port LeaseGate: the last question before a recipient is leased (Q6).

Owns   the question. Suppression, unsubscribe and pause answer it, from the right.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from .classes import MailClass


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A recipient about to be leased."""

    account_id: int
    stream_id: int  # 0: a submitted message
    mail_class: MailClass
    address: str


class Send(msgspec.Struct, frozen=True, tag="send"):
    """Go."""


class Skip(msgspec.Struct, frozen=True, gc=False, tag="skip"):
    """End it as skipped, with the reason."""

    reason: str


class Hold(msgspec.Struct, frozen=True, tag="hold"):
    """Put it on hold, with the reason."""

    reason: str


class Wait(msgspec.Struct, frozen=True, tag="wait"):
    """Not now: leave it scheduled as it is, and ask again soon."""


GateDecision = Send | Skip | Hold | Wait


class LeaseGate(Protocol):
    def decide(self, batch: Sequence[Candidate]) -> Sequence[GateDecision]:
        """One decision per candidate, in order. In the event loop: some microseconds each, and never raises."""
        ...
