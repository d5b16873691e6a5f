"""What a submission session asks of the rest of the house.

Owns   the ports Authenticator, SessionPolicy, SendingRoom, Intake, and the values that pass through them.
Knows  no account, no rule, no row: `Origin` is carried from Authenticator to Intake and never read here, except
       `label` for logs and the Received field.
"""

from collections.abc import Awaitable
from enum import StrEnum
from typing import Protocol

import msgspec

from ..envelope import Domain, Envelope
from ..reply import Reply


class Origin(msgspec.Struct, frozen=True):
    """Who submits, as marks that travel with the envelope."""

    label: str  # account name, for logs
    account_id: int
    credential_id: int  # 0: a trusted network
    mail_class: str  # "people" or "transactional" (DECISIONS, "Envelope and transactions")


class Client(msgspec.Struct, frozen=True):
    """The other end of a session, as known so far."""

    address: str  # IP address, unmapped
    port: int
    helo: str = ""
    tls: str = ""  # "TLSv1.3", or "" while the session is plain


class AuthFailure(StrEnum):
    """Why a login was refused; the client hears the same 535 for the first two."""

    WRONG = "wrong"
    DISABLED = "disabled"
    THROTTLED = "throttled"  # 454 4.7.0, try later
    UNAVAILABLE = "unavailable"  # our store cannot be asked: 454 4.3.0


class Authenticator(Protocol):
    """Who is this client?"""

    async def authenticate(self, username: str, password: bytes, client: Client) -> Origin | AuthFailure:
        """Check a name and secret. Never raises; never logs the secret."""
        ...

    def trusted(self, client: Client) -> Origin | None:
        """The origin of a client in a trusted network, which submits without AUTH; else None."""
        ...


class Proceed(msgspec.Struct, frozen=True, tag="proceed"):
    """No objection."""


class Refuse(msgspec.Struct, frozen=True, tag="refuse"):
    """Answer with `reply`: 4yz defers, 5yz refuses."""

    reply: Reply


Verdict = Proceed | Refuse


class Accept(msgspec.Struct, frozen=True, tag="accept"):
    """Take the message, with these changes."""

    add_headers: tuple[tuple[str, str], ...] = ()  # put on top, in this order
    hold: str = ""  # a reason: accepted but held until released
    source: str = ""  # name of an egress source, "" = as routed
    lifetime_seconds: int | None = None  # instead of the class's age
    author_domain: str = ""  # of a program's letter: where reverse-paths of ours are made for it


MessageVerdict = Accept | Refuse


class SessionPolicy(Protocol):
    """May refuse, defer or change. Each call is bounded in time and never raises (Q7).

    A verdict that must be waited for may be awaitable where that is said; the session answers nothing meanwhile.
    """

    def connection(self, client: Client) -> Verdict: ...

    def mail_from(self, client: Client, origin: Origin, reverse_path: str) -> Verdict | Awaitable[Verdict]:
        """`reverse_path` is "" for the null reverse-path."""
        ...

    def recipient(
        self, client: Client, origin: Origin, reverse_path: str, address: str, domain: Domain
    ) -> Verdict | Awaitable[Verdict]: ...

    def message(
        self, client: Client, origin: Origin, envelope: Envelope, head: bytes, size_bytes: int
    ) -> MessageVerdict:
        """`head` is the header section as received, ending with its blank line."""
        ...


class SendingRoom(Protocol):
    """How much more may this login send? Asked where sessions are served by processes of their own."""

    def room(self, origin: Origin, *, named: int, taken: int) -> int | Refuse:
        """How many recipients a transaction may have now; or the answer when `named` of them are too many.

        `named`: those named so far, 0 at MAIL; `taken`: those that were told yes. Advice, like the session policy's:
        the count is made by `Intake.accept`. Whatever it raises is a fault of ours, temporary to the client.
        """
        ...


class InlineBody(msgspec.Struct, frozen=True, tag="inline"):
    """A body small enough to be a row."""

    octets: bytes


class SpooledBody(msgspec.Struct, frozen=True, tag="spooled"):
    """A body in a spool file; `name` is relative to the spool folder."""

    name: str
    size_bytes: int


StoredBody = InlineBody | SpooledBody


class Submission(msgspec.Struct, frozen=True):
    """A complete, checked message. head + body are the octets to be delivered, before signing."""

    origin: Origin
    client: Client
    envelope: Envelope
    head: bytes  # Received and other added fields, then the header section as received, with its blank line
    body: StoredBody
    accept: Accept = Accept()


class BodyWriter(Protocol):
    """Takes a body while DATA arrives: memory first, a spool file once it is larger than a row may be."""

    def write(self, octets: bytes) -> None:
        """Append. Raises OSError when the disk is full; the writer is then only good for `discard`."""
        ...

    def finish(self) -> StoredBody:
        """Nothing more comes. The file is synced by `Intake.accept`, not here."""
        ...

    def discard(self) -> None:
        """Forget it; safe at any time and more than once."""
        ...


class Intake(Protocol):
    """Takes responsibility."""

    def open_body(self) -> BodyWriter: ...

    def accept(self, submission: Submission) -> Awaitable[Reply]:
        """Queue the message; the reply to the final dot. It goes on whether or not the client is still there.

        250 2.0.0 with the queue id only after the commit; 452 4.3.1 disk full, 451 4.3.0 any other fault of ours,
        and then nothing is kept: a spooled body is the intake's from this call on. Never raises.
        """
        ...
