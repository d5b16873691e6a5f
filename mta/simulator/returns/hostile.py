"""Messages made to harm who reads them: notices in notices, parts without end, lines without end, sheer size.

Owns   their octets, which are bounded here: what a listener that takes 25 MiB would take.
Knows  nothing of when they are sent, and nothing of the bounds of who reads.
"""

from .case import Case, letter_head, multipart, octets

_DEPTH = 1_000
_PARTS = 8_000
_HEAVY_OCTETS = 25_000_000
_SOFT_BREAKS = 700_000


def nested(case: Case, innermost: bytes) -> bytes:
    """A notice within so many messages that a reader that recurses would fall."""
    wrapper = octets("Content-Type: message/rfc822", "")
    return _head(case) + wrapper * _DEPTH + innermost


def bomb(case: Case) -> bytes:
    """Thousands of parts, each a notice's fields that say nothing true."""
    fields = octets("Final-Recipient: rfc822; nobody@elsewhere.test", "Action: failed", "Status: 5.1.1")
    return multipart(case, _head(case), *[("message/delivery-status", fields)] * _PARTS)


def heavy(case: Case, notice: bytes) -> bytes:
    """Text without end, and behind it a notice that nobody should wait for."""
    line = b"Nothing is said here, and this goes on for as long as a host lets it go on.\r\n"
    text = line * (_HEAVY_OCTETS // len(line))
    return multipart(case, _head(case), ("text/plain", text), ("message/rfc822", notice))


def quoted(case: Case) -> bytes:
    """Soft line breaks that join everything to one line, mostly of spaces (RFC 2045 §6.7)."""
    fields = octets("Content-Type: text/plain", "Content-Transfer-Encoding: quoted-printable", "")
    return _head(case) + fields + b" =20=\r\n" * _SOFT_BREAKS + b"\r\n"


def _head(case: Case) -> bytes:
    return letter_head(case, f"MAILER-DAEMON@{case.host}", "Undeliverable")
