"""The port Signer: the signature fields of a rendered message.

Owns   the question; mta.dkim signs, admin knows the keys.
"""

from typing import Protocol


class Signer(Protocol):
    def sign(self, head: bytes, body: bytes) -> bytes:
        """Header fields to put before `head`, each ending with CRLF; b"" when the author domain has no key."""
        ...
