"""What a session asks, whichever role it is in.

Owns    the port `Role` and `SubmissionRole`, which puts Authenticator, SessionPolicy and Intake together.
Knows   nothing of the dialog. The other role is `mta.inbound.role.InboundRole`.
"""

from collections.abc import Awaitable
from typing import Protocol

from ..envelope import Domain, Envelope
from .ports import (
    Authenticator,
    AuthFailure,
    Client,
    Intake,
    MessageVerdict,
    Origin,
    SessionPolicy,
    Verdict,
)


class Role(Protocol):
    """The judgements and the destination of a session. What escapes from a method becomes 451 4.3.0."""

    @property
    def offers_auth(self) -> bool: ...

    @property
    def is_submission(self) -> bool:
        """Whether the author's own server is spoken to: it mends the head (RFC 6409 §8) and takes charge of DSNs."""
        ...

    @property
    def intake(self) -> Intake: ...

    async def authenticate(self, username: str, password: bytes, client: Client) -> Origin | AuthFailure: ...

    def origin_without_auth(self, client: Client) -> Origin | None:
        """Who this client is without AUTH; None when it must log in first."""
        ...

    def connection(self, client: Client) -> Verdict: ...

    def mail_from(self, client: Client, origin: Origin, reverse_path: str) -> Verdict | Awaitable[Verdict]:
        """A verdict that needs waiting for may be awaitable; the session answers nothing meanwhile."""
        ...

    def recipient(
        self, client: Client, origin: Origin, reverse_path: str, address: str, domain: Domain
    ) -> Verdict | Awaitable[Verdict]:
        """As `mail_from`."""
        ...

    def message(
        self, client: Client, origin: Origin, envelope: Envelope, head: bytes, size_bytes: int
    ) -> MessageVerdict: ...


class SubmissionRole:
    """Takes mail from our own people and their programs (RFC 6409 §1)."""

    offers_auth = True
    is_submission = True

    def __init__(self, authenticator: Authenticator, policy: SessionPolicy, intake: Intake) -> None:
        self.intake = intake
        self.authenticate = authenticator.authenticate
        self.origin_without_auth = authenticator.trusted
        self.connection = policy.connection
        self.mail_from = policy.mail_from
        self.message = policy.message
        self.recipient = policy.recipient
