"""The envelope: reverse-path, recipients and their SMTP parameters.

Owns   the nouns that travel from submission through the queue to delivery.
Knows  nothing of accounts, rows or leases; content octets travel beside the envelope.
RFC 5321 §3.3, RFC 1870 (SIZE), RFC 6152 (BODY), RFC 3461 §4 (RET, ENVID, NOTIFY, ORCPT), RFC 6531 (SMTPUTF8),
RFC 2852 (BY).
"""

from enum import StrEnum
from typing import NewType

import msgspec

Domain = NewType("Domain", str)
"""A domain in the one form that keys and compares: lower-case ASCII (A-labels), no trailing dot."""


class Body(StrEnum):
    """BODY= of MAIL (RFC 6152 §2)."""

    SEVEN_BIT = "7BIT"
    EIGHT_BIT = "8BITMIME"


class ByMode(StrEnum):
    """What is to be done when the time of BY= is over (RFC 2852 §4)."""

    RETURN = "R"  # no more attempts, and a notice
    NOTIFY = "N"  # a notice, and attempts go on


class DeliverBy(msgspec.Struct, frozen=True):
    """BY= of MAIL: the time that the sender gives us, from the arrival of the message."""

    seconds: int
    mode: ByMode

    def limits(self, received_ms: int, expires_ms: int) -> bool:
        """Whether it is what a message that is given up at `expires_ms` is given up for."""
        return self.mode is ByMode.RETURN and received_ms + self.seconds * 1000 == expires_ms


class ForwardPath(msgspec.Struct, frozen=True):
    """One recipient of an envelope. `address` as the client wrote it, without angle brackets."""

    address: str
    domain: Domain
    notify: str = ""  # "" = not given; "NEVER" or "SUCCESS,FAILURE,DELAY" (RFC 3461 §4.1)
    orcpt: str = ""  # "rfc822;…" with xtext still encoded, case kept


class Envelope(msgspec.Struct, frozen=True):
    """One mail transaction, without its content."""

    reverse_path: str  # "" is the null reverse-path
    recipients: tuple[ForwardPath, ...]
    body: Body = Body.SEVEN_BIT
    smtputf8: bool = False
    ret: str = ""  # "", "FULL" or "HDRS"
    envid: str = ""  # xtext as given
    by: DeliverBy | None = None
