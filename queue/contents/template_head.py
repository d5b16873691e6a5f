"""The head of a template: what it may hold, and what of it is filled in for each recipient.

Owns   checking a template when it is handed in, and filling its head: fields without places stay as they are, others
       are filled and, beyond ASCII, encoded; before all stand the letter's own Date and Message-ID.
Knows  nothing of bodies but what has to be declared of them.

Invariants
    The head of a letter is ASCII, whatever the fields hold: RFC 6532 needs hosts that not all are.
    From and Sender are the same for everybody: who may send as whom was asked when the template was handed in.
RFC 5322 §3.6 (fields), RFC 2047 §5 (encoded words, and that none stands in an address), RFC 2045 §6 (encodings).
"""

import re
from email.header import Header

from ...mta.address import AddressError, normalise_domain
from ...mta.message.compose import field
from ...mta.message.headers import Field, HeaderError, author_addresses, count, fields
from ...mta.message.trace import date_time
from ...mta.smtp.line_ends import has_bare_cr, has_bare_lf
from .merging import MAX_RENDERED_BYTES, TOO_LARGE, Text, Values

_OURS = frozenset({b"date", b"message-id", b"bcc", b"resent-bcc", b"return-path"})
_FIXED = frozenset({b"from", b"sender"})
_ADDRESSES = frozenset({b"from", b"sender", b"to", b"cc", b"reply-to"})
_TO_EVERYBODY = b"To: <{{address}}>\r\n"
_PLAIN_TEXT = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
_CODED = re.compile(rb"^content-transfer-encoding:\s*(base64|quoted-printable)", re.IGNORECASE | re.MULTILINE)


class TemplateFault(ValueError):
    """A template that no letter can be made of; str() is one sentence for its author."""


def checked_template(head: bytes, body: bytes) -> bytes:
    """The head as it is stored. Raises TemplateFault."""
    if any(has_bare_cr(part) or has_bare_lf(part) for part in (head, body)):
        raise TemplateFault("its lines must end with CR and LF")
    if len(head) + len(body) > MAX_RENDERED_BYTES:
        raise TemplateFault(TOO_LARGE)
    if _CODED.search(head + body):
        raise TemplateFault("its text must not be base64 or quoted-printable: nothing could be filled in")
    kept = [each for each in fields(head) if each.name_lower not in _OURS]
    if any(each.name_lower in _FIXED and Text(each.raw).has_places for each in kept):
        raise TemplateFault("From and Sender must be the same for everybody")
    return b"".join((*map(_stored, kept), *_missing(kept, body), b"\r\n"))


def author_domain(head: bytes) -> str:
    """Of the first address in From: Message-IDs end with it, and reverse-paths of ours. "localhost": it has none."""
    try:
        return normalise_domain(author_addresses(head)[0].rpartition("@")[2])
    except (HeaderError, AddressError, IndexError):
        return "localhost"


def with_feedback_id(head: bytes, value: str) -> bytes:
    """The head of a template with this Feedback-ID, unless it has one of its own."""
    return head if count(head, b"feedback-id") else field("Feedback-ID", value) + head


def _stored(each: Field) -> bytes:
    """What is the same for everybody is encoded once."""
    return each.raw if Text(each.raw).has_places else in_ascii(each.raw)


def _missing(kept: list[Field], body: bytes) -> list[bytes]:
    names = {each.name_lower for each in kept}
    missing = [] if names & {b"to", b"cc"} else [_TO_EVERYBODY]
    if b"content-type" not in names and b"mime-version" not in names:
        missing.append(_PLAIN_TEXT)
    return missing


class Head:
    """A head taken apart. Immutable."""

    def __init__(self, head: bytes) -> None:
        self._parts: list[bytes | Text] = []
        for each in fields(head):
            text = Text(each.raw)
            self._parts.append(text if text.has_places else each.raw)
        self.domain = author_domain(head)

    def filled(self, values: Values, stamp: bytes = b"") -> bytes:
        """With its blank line. Raises RenderFault."""
        parts = [part if isinstance(part, bytes) else in_ascii(part.filled(values)) for part in self._parts]
        return b"".join((stamp, *parts, b"\r\n"))


def stamp(date_ms: int, name: str, domain: str) -> bytes:
    """The letter's own fields; `name` is the local part of its Message-ID."""
    return f"Date: {date_time(date_ms // 1000)}\r\nMessage-ID: <{name}@{domain}>\r\n".encode("ascii")


def in_ascii(raw: bytes) -> bytes:
    """A field with its CRLF, beyond ASCII encoded."""
    if raw.isascii():
        return raw
    name, _, value = raw.decode("utf-8", "replace").partition(":")
    shown = " ".join(value.split())
    if name.strip().lower().encode("ascii", "replace") not in _ADDRESSES:
        return field(name.strip(), shown)
    phrase, bracket, address = shown.rpartition("<")
    if not bracket:
        return field(name.strip(), shown)
    return f"{name}: {_phrase(phrase.strip())}\r\n <{address}\r\n".encode("ascii", "replace")


def _phrase(text: str) -> str:
    return Header(text.strip('"'), "utf-8", maxlinelen=70).encode(linesep="\r\n")
