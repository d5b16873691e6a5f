"""A message as the simulated internet received it.

Owns   the value `Received`, which the ledger keeps, the Maildir writes and the control socket shows.
"""

import msgspec


class Received(msgspec.Struct, frozen=True):
    """One message as it was accepted. `content` is dot-unstuffed and ends with CRLF."""

    number: int
    at_ms: int
    provider: str
    client: str
    helo: str
    tls: str
    reverse_path: str
    mail_parameters: str
    recipients: tuple[str, ...]
    rcpt_parameters: tuple[str, ...]
    content: bytes
