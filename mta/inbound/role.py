"""The session in its second role: mail from anybody, for addresses of ours only.

Owns    `InboundRole`: nobody logs in, nothing is relayed (Q8), each recipient is the sink's decision.
Knows   nothing of submission's accounts and policy. Not started yet: `serve` says so.
RFC 5321 §3.6.1 (a server that relays nothing).
"""

from typing import NoReturn

from ..envelope import Domain, Envelope
from ..reply import reply
from ..submission.ports import (
    AuthFailure,
    BodyWriter,
    Client,
    InlineBody,
    MessageVerdict,
    Origin,
    Proceed,
    Refuse,
    StoredBody,
    Submission,
    Verdict,
)
from .ports import InboundSink

_STRANGER = Origin("", 0, 0, "people")
_NOT_YET = reply(451, "4.3.0", "this server does not take mail yet")


class InboundRole:
    """Implements `mta.submission.role.Role` over an InboundSink."""

    offers_auth = False

    def __init__(self, sink: InboundSink) -> None:
        self.intake = _NoIntake()
        self._sink = sink

    async def authenticate(self, username: str, password: bytes, client: Client) -> AuthFailure:
        return AuthFailure.WRONG

    def origin_without_auth(self, client: Client) -> Origin:
        return _STRANGER

    def connection(self, client: Client) -> Verdict:
        return Proceed()

    def mail_from(self, client: Client, origin: Origin, reverse_path: str) -> Verdict:
        return Proceed()

    async def recipient(
        self, client: Client, origin: Origin, reverse_path: str, address: str, domain: Domain
    ) -> Verdict:
        said = await self._sink.recipient(address, domain)
        return Proceed() if said.is_positive else Refuse(said)

    def message(
        self, client: Client, origin: Origin, envelope: Envelope, head: bytes, size_bytes: int
    ) -> MessageVerdict:
        return Refuse(_NOT_YET)


class _NoIntake:
    """Keeps nothing; `message` has refused before `accept` could be asked."""

    def open_body(self) -> BodyWriter:
        return _NoBody()

    async def accept(self, submission: Submission) -> NoReturn:
        raise AssertionError("an inbound message was accepted without a destination")


class _NoBody:
    def write(self, octets: bytes) -> None:
        return

    def finish(self) -> StoredBody:
        return InlineBody(b"")

    def discard(self) -> None:
        return
