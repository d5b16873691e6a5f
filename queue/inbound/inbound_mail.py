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


class InboundContent(msgspec.Struct, frozen=True):
    """What a stored message said: `head` begins with our Received field; a body is either here or in the spool."""

    head: bytes
    body: bytes | None
    spool: str | None
