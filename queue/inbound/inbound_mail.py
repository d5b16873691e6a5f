"""Mail that came to addresses of ours, as values.

Owns   the kinds of such addresses, what is kept of a message and its recipients, and the port `OurAddresses`.
Knows  no SQL and no rule: which address is of which kind is policy's (policy.our_addresses); what a message means,
       and what follows from it, is for whoever reads it by its number later.
"""

from enum import StrEnum
from typing import Protocol

import msgspec

from ...mta.envelope import Domain


class InboundKind(StrEnum):
    """What an address of ours is for (DECISIONS, "Answers"). The words are in rows."""

    VERP = "verp"  # the reverse-path of one recipient: DSNs and other notices
    ANSWER = "answer"  # an address somebody sends as
    UNSUBSCRIBE = "unsubscribe"
    DMARC_REPORT = "dmarc-report"
    TLS_REPORT = "tls-report"
    PROOF = "proof"  # of the wizard: the domain's mail arrives here
    FEEDBACK = "complaint-feedback"
    POSTMASTER = "postmaster"
    ABUSE = "abuse"


SIGNED = frozenset({InboundKind.VERP, InboundKind.UNSUBSCRIBE, InboundKind.PROOF})
"""Addresses that nobody can guess: who writes there had a letter of ours."""


class Addressee(msgspec.Struct, frozen=True, array_like=True):
    """A recipient of ours. Rows hold it as it stands: fields are only ever added at its end."""

    address: str
    kind: InboundKind
    number: int = 0  # what the token says: a recipient's number for verp and unsubscribe
    account_id: int = 0  # whose domain it is; 0: our hostname


class ReadAs(StrEnum):
    """What a message turned out to be. The words are in rows; "" there: nobody has read it yet."""

    BOUNCE = "bounce"
    DELAY = "delay"
    SUCCESS = "success"
    AUTO_REPLY = "auto-reply"
    VACATION = "vacation"
    RECEIPT = "receipt"
    MOVED = "moved"
    CHALLENGE = "challenge"
    COMPLAINT = "complaint"
    LETTER = "letter"  # of a person, or whatever else is no report
    UNREADABLE = "unreadable"  # its reader failed twice


class Effect(StrEnum):
    """What followed when it was read. The words are in rows."""

    NOTHING = ""
    RECORDED = "recorded"  # a recipient's history says what was heard
    REPEATED = "repeated"  # that was heard often enough before
    UNRELATED = "unrelated"  # it names no recipient of ours, or that of another account
    SENT_ON = "sent-on"  # to the operator
    KEPT = "kept"  # for the operator, who has no address, gets too much, or has had it


class Stranger(StrEnum):
    """Why an address is none of ours."""

    UNKNOWN = "unknown"  # in a domain of ours
    ELSEWHERE = "elsewhere"  # in another domain, or to be sent on to one


class OurAddresses(Protocol):
    def find(self, address: str, domain: Domain) -> Addressee | Stranger:
        """Which address of ours this is. In memory, never raises."""
        ...


class InboundMessage(msgspec.Struct, frozen=True):
    """A stored message without its content."""

    seq: int
    at_ms: int
    reverse_path: str  # "" is the null reverse-path
    client: str  # IP address
    helo: str
    tls: str  # "TLSv1.3", or "" when it came in plain
    size_bytes: int
    addressees: tuple[Addressee, ...]
    read_as: str = ""  # ReadAs
    effect: str = ""  # Effect


class InboundContent(msgspec.Struct, frozen=True):
    """What a stored message said. `head` begins with our Return-Path and Received; the body is here or in the spool."""

    head: bytes
    body: bytes | None
    spool: str | None
