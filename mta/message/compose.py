"""Composing messages of ours: fields, parts and multiparts as octets that are safe on any path.

Owns   the form: folded ASCII fields with encoded words, quoted-printable text parts, multiparts.
Knows  nothing of what a message says.

Invariants
    Everything made here has CRLF line ends only and no line over 998 octets (RFC 5322 §2.1.1), whatever text comes in:
    a value from a stranger cannot start a field or a line of its own. It is 7-bit, but for `utf8_field` and `raw_part`.
RFC 2045 §6.7 (quoted-printable), RFC 2046 §5.1 (multipart), RFC 2047 §2 (encoded words), RFC 6532 §3.2 (UTF-8 fields).
"""

import binascii
import re
from collections.abc import Sequence
from email.header import Header
from email.utils import formatdate

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_FOLD_AT = 76
_LONGEST_WORD = 900


def field(name: str, value: str) -> bytes:
    """One header field with its CRLF: folded, beyond ASCII as encoded words, control characters as a space."""
    clean = _clean(value)
    if not clean.isascii():
        encoded = Header(clean, "utf-8", maxlinelen=_FOLD_AT, header_name=name).encode(linesep="\r\n")
        return f"{name}: {encoded}\r\n".encode("ascii")
    return _folded(name, clean).encode("ascii")


def utf8_field(name: str, value: str) -> bytes:
    """The same with UTF-8 as it is: only for a message that is sent with SMTPUTF8."""
    return _folded(name, _clean(value)).encode("utf-8")


def _clean(value: str) -> str:
    return _CONTROLS.sub(" ", value).encode("utf-8", "replace").decode("utf-8").strip()


def _folded(name: str, value: str) -> str:
    lines: list[str] = []
    line = f"{name}:"
    for word in value.split():
        for piece in _pieces(word):
            if len(line) + 1 + len(piece) > _FOLD_AT and line.strip() and line != f"{name}:":
                lines.append(line)
                line = ""
            line = f"{line} {piece}"
    return "\r\n".join([*lines, line]) + "\r\n"


def _pieces(word: str) -> list[str]:
    longest = _LONGEST_WORD if word.isascii() else _LONGEST_WORD // 4  # characters; four octets each at most
    return [word[at : at + longest] for at in range(0, len(word), longest)]


def date_field(name: str, epoch_ms: int) -> bytes:
    """A date in UTC."""
    return field(name, formatdate(epoch_ms / 1000))


def notice_fields(hostname: str, unique: str, to: str, subject: str, now_ms: int) -> list[bytes]:
    """What heads every notice to a sender; `unique` is never used twice and not guessable (RFC 3834 §5).

    An address beyond ASCII stands in To as it is: only SMTPUTF8 reaches it anyway.
    """
    return [
        field("From", f"Mail Delivery System <MAILER-DAEMON@{hostname}>"),
        field("To", f"<{to}>") if to.isascii() else utf8_field("To", f"<{to}>"),
        field("Subject", subject),
        date_field("Date", now_ms),
        field("Message-ID", f"<{unique}@{hostname}>"),
        field("Auto-Submitted", "auto-replied"),
        field("MIME-Version", "1.0"),
    ]


def text_part(text: str) -> bytes:
    """A text/plain part in UTF-8; plain English in it stays readable in the raw message."""
    return b"Content-Type: text/plain; charset=utf-8\r\n" + _quoted_printable(text.encode("utf-8", "replace"))


def octets_part(content_type: str, octets: bytes) -> bytes:
    """A part of octets that are lines of text: as they are when they are safe, quoted-printable when not.

    Only for types that may be encoded: never message/rfc822 (RFC 2046 §5.2.1), unless `is_safe`.
    """
    head = f"Content-Type: {content_type}\r\n".encode("ascii")
    return head + (b"\r\n" + octets if is_safe(octets) else _quoted_printable(octets))


def raw_part(content_type: str, octets: bytes) -> bytes:
    """A part of octets that have safe lines, as they are."""
    encoding = "" if octets.isascii() else "Content-Transfer-Encoding: 8bit\r\n"
    return f"Content-Type: {content_type}\r\n{encoding}\r\n".encode("ascii") + octets


def is_safe(octets: bytes) -> bool:
    """7-bit, no NUL, CRLF line ends only, no long line."""
    return octets.isascii() and has_safe_lines(octets)


def has_safe_lines(octets: bytes) -> bool:
    """The same with any octets beyond ASCII: safe where 8BITMIME is offered."""
    if b"\0" in octets:
        return False
    lines = octets.split(b"\r\n")
    return not any(len(line) > 998 or b"\r" in line or b"\n" in line for line in lines)


def _quoted_printable(octets: bytes) -> bytes:
    normal = _LINE_END.sub(b"\r\n", octets)
    return b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + binascii.b2a_qp(normal, istext=True)


def multipart_body(parts: Sequence[bytes], boundary: str) -> bytes:
    """The body of a multipart; `boundary` must not occur at a line start in any part, so take a random one."""
    opening = f"--{boundary}\r\n".encode("ascii")
    return b"".join(opening + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode("ascii")
