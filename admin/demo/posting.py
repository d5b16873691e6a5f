"""Submitting an example letter as any mail client does: STARTTLS, AUTH, MAIL, RCPT, DATA, QUIT.

Owns   one connection for each letter, in a thread (smtplib blocks).
Knows  nothing of Youtong beyond a port, its certificate, and what the account was told.
"""

import asyncio
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .letters import Letter

_TIMEOUT_SECONDS = 20.0


class PostingFailed(Exception):
    """The server did not take the letter; str() says why."""


@dataclass(frozen=True)
class Postbox:
    """Where to submit. `passwords`: account name and password for each sender domain."""

    port: int
    certificate_file: Path
    passwords: Mapping[str, tuple[str, str]]

    async def post(self, letter: Letter) -> None:
        """Returns when the server took responsibility. Raises PostingFailed."""
        try:
            await asyncio.to_thread(self._post, letter)
        except (OSError, smtplib.SMTPException) as error:
            raise PostingFailed(str(error)) from error

    def _post(self, letter: Letter) -> None:
        with smtplib.SMTP("127.0.0.1", self.port, "laptop.test", timeout=_TIMEOUT_SECONDS) as client:
            client.starttls(context=self._trusting())
            client.login(*self.passwords[letter.sender.domain])
            client.sendmail(letter.sender.address, list(letter.recipients), letter.octets)

    def _trusting(self) -> ssl.SSLContext:
        """The server's own certificate and no other; it is made out to a name, and we connect to an address."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.certificate_file)
        return context
