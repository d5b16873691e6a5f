"""Kind 'template': a stored text with merge fields, rendered for one recipient at a time.

Owns   the plain merge form `{{field}}` and `{{field|fallback}}` over UTF-8 text, in head and body.
Knows  no campaign and no link; the full merge language (DECISIONS, "Late binding") widens this room.
A value never breaks a header or a line: CR and LF in values become one space. A missing field without fallback is a
RenderFault, which skips that recipient.
"""

import re
from pathlib import Path

import msgspec

from ..mta.delivery.job import RenderFault
from .content import Rendered, StoredContent, read_body

_PLACE = re.compile(rb"\{\{\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(?:\|([^{}]*))?\}\}")
_BREAKS = re.compile(r"[\r\n]+")
_decoder = msgspec.json.Decoder(dict[str, str])
MAX_RENDERED_BYTES = 1024 * 1024
_TOO_LARGE = "the rendered message is larger than 1 MiB"


class TemplateContent:
    """The ContentSource of templates."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool

    def render(self, content: StoredContent, fields: str) -> Rendered:
        values = _values(fields)
        head = merge(content.head, values)
        body = merge(read_body(content, self._spool), values)
        if len(head) + len(body) > MAX_RENDERED_BYTES:
            raise RenderFault(_TOO_LARGE)
        return Rendered(head, body, shared=False)


def merge(text: bytes, values: dict[str, str]) -> bytes:
    """`text` with its places filled in. Raises RenderFault for a missing field without fallback, and beyond 1 MiB."""
    filled_bytes = 0

    def fill(place: re.Match[bytes]) -> bytes:
        nonlocal filled_bytes
        value = _value(place, values)
        filled_bytes += len(value)
        if filled_bytes > MAX_RENDERED_BYTES:  # seen here, before many places and a long value fill the memory
            raise RenderFault(_TOO_LARGE)
        return value

    return _PLACE.sub(fill, text)


def _value(place: re.Match[bytes], values: dict[str, str]) -> bytes:
    name = place.group(1).decode("ascii")
    value = values.get(name, "")
    if value:
        return _BREAKS.sub(" ", value).encode()
    fallback: bytes | None = place.group(2)
    if fallback is None:
        raise RenderFault(f"the field '{name}' is missing and has no fallback")
    return fallback


def _values(fields: str) -> dict[str, str]:
    try:
        return _decoder.decode(fields or "{}")
    except msgspec.DecodeError as error:
        raise RenderFault("the recipient's fields are not an object of texts") from error
