"""Merging: a text with places, and the values of one recipient.

Owns   the plain merge form `{{field}}` and `{{field|fallback}}` over UTF-8 text, taken apart once and filled often.
Knows  nothing of heads and bodies. The full merge language (DECISIONS, "Late binding") widens this room.

A value never breaks a line: CR and LF in it become one space. An empty value is a missing one.
"""

import re

import msgspec

from ...mta.delivery.job import RenderFault

MAX_RENDERED_BYTES = 1024 * 1024
TOO_LARGE = "the rendered message is larger than 1 MiB"
_PLACE = re.compile(rb"\{\{\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(?:\|([^{}]*))?\}\}")
_BREAKS = re.compile(r"[\r\n]+")


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a field's value goes. `fallback` None: there must be one."""

    name: str
    fallback: bytes | None


class Values:
    """The values of one recipient, as octets."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts
        self._octets: dict[str, bytes] = {}

    def of(self, place: Place) -> bytes:
        """Raises RenderFault when there is none and the place has no fallback."""
        known = self._octets.get(place.name)
        if known is None:
            text = self._texts.get(place.name, "")
            known = self._octets[place.name] = (
                _BREAKS.sub(" ", text) if "\r" in text or "\n" in text else text
            ).encode()
        if known:
            return known
        if place.fallback is None:
            raise RenderFault(f"the field '{place.name}' is missing and has no fallback")
        return place.fallback


class Text:
    """A text taken apart: octets and places. Immutable."""

    def __init__(self, text: bytes) -> None:
        self._parts: list[bytes | Place] = []
        end = 0
        for found in _PLACE.finditer(text):
            self._parts += (text[end : found.start()], Place(found[1].decode("ascii"), found[2]))
            end = found.end()
        self._parts.append(text[end:])

    @property
    def has_places(self) -> bool:
        return len(self._parts) > 1

    def filled(self, values: Values) -> bytes:
        """Raises RenderFault for a missing field without fallback, and beyond 1 MiB."""
        parts = [part if isinstance(part, bytes) else values.of(part) for part in self._parts]
        if sum(map(len, parts)) > MAX_RENDERED_BYTES:  # seen before many places and a long value fill the memory
            raise RenderFault(TOO_LARGE)
        return b"".join(parts)


def merge(text: bytes, values: dict[str, str]) -> bytes:
    """`text` with its places filled in. Raises RenderFault, as `Text.filled`."""
    return Text(text).filled(Values(values))
