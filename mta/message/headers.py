"""Headers: reading a header section as octets, without building objects that nobody asked for.

Owns   the cut between head and body, the fields of a head, and what their values say.
Knows  nothing of MIME structure or of what a field means; keeps every octet as it came, so that
       b"".join(field.raw for field in fields(head)) + blank line == head, and DKIM sees what the wire will carry.
A line that is no field (no colon, a bad name) is a Field with an empty `name_lower`: nothing vanishes.
RFC 5322 §2.2 (fields), §2.2.3 (folding), §4.5 (white space before the colon is obsolete, yet read); RFC 2047 (display).
"""

import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header

import msgspec

from .mailboxes import HeaderError, addresses_in

__all__ = [
    "Field",
    "HeaderError",
    "addresses_in",
    "author_addresses",
    "count",
    "displayed",
    "fields",
    "sender_address",
    "split_head",
    "unfold",
    "values_of",
]

_CRLF = b"\r\n"
_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_FTEXT = bytes(octet for octet in range(33, 127) if octet != ord(":"))  # RFC 5322 §3.6.8
_WSP = b" \t"
_CONTROLS = {octet: "\N{REPLACEMENT CHARACTER}" for octet in (*range(32), *range(127, 160)) if octet != 9}


class Field(msgspec.Struct, frozen=True, gc=False):
    """One header field; `raw` keeps its folds and its CRLF."""

    name_lower: bytes  # b"" when the line is no field
    raw: bytes

    @property
    def value(self) -> bytes:
        """Unfolded, without the white space around it."""
        return unfold(self.raw.partition(b":")[2])


def split_head(octets: bytes) -> tuple[bytes, bytes]:
    """(head, body); the head includes its blank line. Without a blank line everything is head."""
    if octets.startswith(_CRLF):
        return _CRLF, octets[2:]
    blank = octets.find(b"\r\n\r\n")
    if blank < 0:
        return octets, b""
    return octets[: blank + 4], octets[blank + 4 :]


def fields(head: bytes) -> list[Field]:
    """Every field in order, without the blank line that ends the head."""
    end = len(head) - 2 if head.endswith(b"\r\n\r\n") or head == _CRLF else len(head)
    found: list[Field] = []
    start = 0
    for field_end in _FIELD_END.finditer(head, 0, end):
        stop = field_end.end()
        found.append(_field(head[start:stop]))
        start = stop
    if start < end:
        found.append(_field(head[start:end]))
    return found


def _field(raw: bytes) -> Field:
    name, colon, _ = raw.partition(b":")
    name = name.rstrip(_WSP)
    is_field = colon and not name.translate(None, _FTEXT)
    return Field(name.lower() if is_field else b"", raw)


def count(head: bytes, name_lower: bytes) -> int:
    """How many fields have this name."""
    return sum(1 for _ in _starts(head, name_lower))


def values_of(head: bytes, name_lower: bytes) -> list[bytes]:
    """The unfolded values of all fields with this name, top to bottom."""
    return [_field_at(head, start).value for start in _starts(head, name_lower)]


def _starts(head: bytes, name_lower: bytes) -> Iterator[int]:
    """Where the fields of one name begin: a few memory searches instead of a walk over all fields."""
    lower = head.lower()
    if _is_name_at(lower, 0, name_lower):
        yield 0
    line_start = _CRLF + name_lower
    position = lower.find(line_start)
    while position >= 0:
        if _is_name_at(lower, position + 2, name_lower):
            yield position + 2
        position = lower.find(line_start, position + 2)


def _is_name_at(lower: bytes, position: int, name: bytes) -> bool:
    if not lower.startswith(name, position):
        return False
    after = position + len(name)
    while lower[after : after + 1] in (b" ", b"\t"):
        after += 1
    return lower[after : after + 1] == b":"


def _field_at(head: bytes, start: int) -> Field:
    field_end = _FIELD_END.search(head, start)
    return _field(head[start : field_end.end() if field_end else len(head)])


def unfold(value: bytes) -> bytes:
    """RFC 5322 §2.2.3: folds go, the white space after them stays; then trimmed at both ends."""
    return value.replace(_CRLF, b"").strip(_WSP)


def author_addresses(head: bytes) -> list[str]:
    """The addresses in From, as written. Raises HeaderError without exactly one From that can be understood."""
    return addresses_in(_only_value(head, b"from", "From"))


def sender_address(head: bytes) -> str | None:
    """The address in Sender, None without that field. Raises HeaderError when it is not one field with one address."""
    if not count(head, b"sender"):
        return None
    found = addresses_in(_only_value(head, b"sender", "Sender"))
    if len(found) != 1:
        raise HeaderError("the Sender field must hold one address")
    return found[0]


def _only_value(head: bytes, name_lower: bytes, shown: str) -> bytes:
    values = values_of(head, name_lower)
    if len(values) != 1:
        raise HeaderError(f"the message must have one {shown} field, and has {len(values) or 'none'}")
    return values[0]


def displayed(value: bytes) -> str:
    """A value for human eyes: unfolded, encoded words decoded, control characters replaced. Never raises."""
    text = unfold(value).decode("utf-8", "replace")
    if "=?" in text:
        text = _without_encoded_words(text)
    return text.translate(_CONTROLS)


def _without_encoded_words(text: str) -> str:
    try:
        parts = decode_header(text)
    except HeaderParseError:
        return text
    return "".join(_decoded(part, charset) for part, charset in parts)


def _decoded(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    try:
        return part.decode(charset or "raw-unicode-escape", "replace")
    except (LookupError, UnicodeError):
        return part.decode("latin-1")
