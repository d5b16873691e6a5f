"""MIME structure as octets: enough of it to change a part and leave every other octet alone.

Owns   what a head says of its content, and the cut of a multipart body into its parts.
Knows  nothing of why a part is changed. b"".join of a `Parts` is the body that was cut.
RFC 2045 §5, §6 (fields), RFC 2046 §5.1 (multipart, boundary delimiters), §5.1.5 (digest).
"""

import re
from email.message import Message

import msgspec

from .headers import fields

_ENCODING = b"content-transfer-encoding"
_TYPE = b"content-type"


class Entity(msgspec.Struct, frozen=True):
    """What the head of a message or part says of its content."""

    type: str  # "text/plain", lower-case
    boundary: str | None
    encoding: str  # lower-case; "7bit" when none is given
    is_labelled: bool  # there is a Content-Type field


class Parts(msgspec.Struct, frozen=True):
    """A multipart body: what is before the first part, each delimiter line with the part behind it, the rest."""

    preamble: bytes
    parts: list[tuple[bytes, bytes]]  # (delimiter with its line ends, part)
    epilogue: bytes  # from the closing delimiter on; b"" when there is none


def read_entity(head: bytes, *, in_digest: bool = False) -> Entity:
    """Malformed fields read as their defaults."""
    described = Message()
    described.set_default_type("message/rfc822" if in_digest else "text/plain")
    labels = {field.name_lower: field.value for field in reversed(fields(head))}
    if _TYPE in labels:
        described["Content-Type"] = labels[_TYPE].decode("latin-1")
    encoding = labels.get(_ENCODING, b"").decode("latin-1").partition(";")[0].partition("(")[0].strip().lower()
    boundary = described.get_boundary()
    return Entity(described.get_content_type(), boundary, encoding or "7bit", _TYPE in labels)


def cut(body: bytes, boundary: str) -> Parts | None:
    """None when no part begins with this boundary."""
    line = re.compile(rb"(?:\A|\r\n)--" + re.escape(boundary.encode("latin-1")) + rb"(--)?[ \t]*(?=\r\n|\Z)")
    found = list(line.finditer(body))
    closing = next((at for at, each in enumerate(found) if each[1]), len(found))
    if not closing:
        return None
    ends = [each.start() for each in found[1 : closing + 1]]
    epilogue_at = ends[-1] if len(ends) == closing else len(body)
    starts = [each.span() for each in found[:closing]]
    bounds = zip(starts, [*ends, len(body)][:closing], strict=True)
    parts = [_part(body[start:end], body[end:stop]) for (start, end), stop in bounds]
    return Parts(body[: found[0].start()], parts, body[epilogue_at:])


def _part(delimiter: bytes, rest: bytes) -> tuple[bytes, bytes]:
    """The line end behind a delimiter is its own, unless the part is empty and it begins the next delimiter."""
    return (delimiter + b"\r\n", rest[2:]) if rest.startswith(b"\r\n") else (delimiter, rest)


def with_encoding(head: bytes, encoding: bytes) -> bytes:
    """`head` with this Content-Transfer-Encoding: in the place of the first one, or at the end."""
    whole = fields(head)
    blank = head[sum(len(field.raw) for field in whole) :]
    new = b"Content-Transfer-Encoding: " + encoding + b"\r\n"
    lines: list[bytes] = []
    for field in whole:
        if field.name_lower != _ENCODING:
            lines.append(field.raw)
        elif new not in lines:
            lines.append(new)
    if new not in lines:
        lines.append(new)
    return b"".join(lines) + blank


def with_field(head: bytes, field: bytes) -> bytes:
    """`head` with one more field, given with its line end, at the end."""
    whole = b"".join(each.raw for each in fields(head))
    return whole + field + head[len(whole) :]


def value_of(head: bytes, name_lower: bytes) -> bytes | None:
    """The first field of this name."""
    found = next((field for field in fields(head) if field.name_lower == name_lower), None)
    return None if found is None else found.value
