"""One mail transaction to be attempted: what a lane is given.

Owns   the shape `Job`, its recipients, and the fault that its content may raise.
Knows  nothing of queues, leases or classes: `token` and `JobRecipient.id` are carried, never read.
RFC 5321 §3.3 (transactions), RFC 3461 §4 (NOTIFY, ORCPT, RET, ENVID).
"""

from typing import Protocol

import msgspec

from ..envelope import Body
from .host import Host


class JobRecipient(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One recipient of a job; `id` is the caller's."""

    id: int
    address: str
    notify: str = ""  # "" = not given (RFC 3461 §4.1)
    orcpt: str = ""  # "rfc822;…", xtext still encoded


class RenderFault(Exception):
    """The content of this job cannot be made; str() says why. Nothing was said to the peer about the job."""


class Job(Protocol):
    """One transaction: recipients of one domain, one content. Any object with these attributes will do."""

    @property
    def token(self) -> int:
        """Unique among the jobs of a lane."""
        ...

    @property
    def site(self) -> str:
        """The canonical set of MX hosts: connections are reused between jobs with equal `site`."""
        ...

    @property
    def hosts(self) -> tuple[Host, ...]:
        """Where to connect, in this order; at least one address in all."""
        ...

    @property
    def reverse_path(self) -> str:
        """ "" is the null reverse-path."""
        ...

    @property
    def recipients(self) -> tuple[JobRecipient, ...]: ...

    @property
    def body(self) -> Body: ...

    @property
    def smtputf8(self) -> bool:
        """The envelope or the header section needs SMTPUTF8 (RFC 6531)."""
        ...

    @property
    def ret(self) -> str: ...

    @property
    def envid(self) -> str: ...

    @property
    def size_bytes(self) -> int:
        """What SIZE= declares; an estimate will do (RFC 1870 §6.1)."""
        ...

    @property
    def eight_bit(self) -> bool:
        """The content has octets above 127."""
        ...

    @property
    def urgent(self) -> bool:
        """Goes before jobs that are not, as long as those have not started."""
        ...

    def wire(self, *, seven_bit: bool = False) -> bytes:
        """The whole content as it goes on the wire: signed, dot-stuffed, ending in CRLF "." CRLF (`encode_data`).

        Called right before the job's MAIL is written (so that a fault spends nothing of the peer's limits). With
        `seven_bit` converted for a peer without 8BITMIME, and signed after that. Raises RenderFault, Unconvertible.
        """
        ...
