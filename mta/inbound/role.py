"""The session in its second role: mail from anybody, for addresses of ours only.

Owns    `InboundRole`: nobody logs in, nothing is relayed (Q8), each recipient is the sink's decision.
Knows   nothing of submission's accounts and policy, nor of what an address is for.
RFC 5321 §3.6.1 (a server that relays nothing).
"""

from collections.abc import Awaitable

from ..envelope import Domain, Envelope
from ..submission.ports import Accept, AuthFailure, Client, MessageVerdict, Origin, Proceed, Verdict
from .ports import InboundSink

_STRANGER = Origin("", 0, 0, "people")
_PROCEED = Proceed()
_ACCEPT = Accept()


class InboundRole:
    """Implements `mta.submission.role.Role` over an InboundSink."""

    offers_auth = False
    is_submission = False

    def __init__(self, sink: InboundSink) -> None:
        self.intake = sink

    async def authenticate(self, username: str, password: bytes, client: Client) -> AuthFailure:
        return AuthFailure.WRONG

    def origin_without_auth(self, client: Client) -> Origin:
        return _STRANGER

    def connection(self, client: Client) -> Verdict:
        return _PROCEED

    def mail_from(self, client: Client, origin: Origin, reverse_path: str) -> Verdict:
        return self.intake.mail_from(client)

    def recipient(
        self, client: Client, origin: Origin, reverse_path: str, address: str, domain: Domain
    ) -> Verdict | Awaitable[Verdict]:
        return self.intake.recipient(address, domain)

    def message(
        self, client: Client, origin: Origin, envelope: Envelope, head: bytes, size_bytes: int
    ) -> MessageVerdict:
        return _ACCEPT
