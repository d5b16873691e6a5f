"""Feedback-ID: what a receiver that counts complaints calls a stream, and what names it in a complaint.

Owns   the field's value: `stream:account:token:installation`, and reading the stream back out of it.
Knows  nothing of complaints. The field stands in the stored text, the same for all its letters, and DKIM signs it.

Only the token counts when it is read: numbers can be guessed, and a forged complaint names no stream of ours.
Gmail counts by each of up to four parts, and wants the last one, of 5 to 15 letters, to be the same in all mail.
"""

import base64
from hashlib import sha256

from ..ids import queue_id
from ..signed_address import AddressSigner, TokenKind

_PARTS = 4


class FeedbackIds:
    """Of one installation."""

    def __init__(self, signer: AddressSigner, hostname: str) -> None:
        self._signer = signer
        self._installation = "yt" + base64.b32encode(sha256(hostname.encode()).digest()[:5]).decode().lower()

    def value(self, account_id: int, stream_id: int) -> str:
        token = self._signer.token(TokenKind.STREAM, stream_id)
        return f"{queue_id(stream_id)}:a{account_id}:{token}:{self._installation}"


def stream_in(feedback_id: str, signer: AddressSigner) -> int | None:
    """The stream that a Feedback-ID of ours names; None for any other. Never raises."""
    parts = feedback_id.strip().split(":")
    return signer.number(TokenKind.STREAM, parts[2].strip()) if len(parts) == _PARTS else None
