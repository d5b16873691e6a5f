"""Fields: a head of strangers as decoded names and values, and the parameters of a value.

Owns   `Fields`, where a head ends and what stands in it: folds undone, encoded words and 8-bit octets decoded.
Knows  nothing of what a field means.

Invariants
    Bounded: MAX_HEAD octets, MAX_FIELDS fields, MAX_VALUE characters each; linear time.
    A value has no line end. What is no field ends the head, so a letter without a blank line keeps its text.
RFC 5322 §2.2 (fields), RFC 2047 (encoded words), RFC 2045 §5.1 and RFC 2231 (parameters).
"""

import binascii
import re
from urllib.parse import unquote_to_bytes

import msgspec

from .charsets import decode_text

MAX_HEAD = 128 * 1024
MAX_FIELDS = 500
MAX_VALUE = 8_000
_MAX_PARAMETERS = 2_000  # characters of a value that are searched for parameters
_NAME = re.compile(rb"([!-9;-~]{1,100})[ \t]*:")
_FOLD = re.compile(r"\s*\n\s*")
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?\n]{0,2000})\?=")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.)*+)"?|([^;\s]*+))')


class Fields(msgspec.Struct, frozen=True):
    """The fields of one head: (name in lower case, value)."""

    items: tuple[tuple[str, str], ...] = ()

    def first(self, name: str) -> str:
        """The first value of that name (in lower case); "" without one."""
        return next((value for each, value in self.items if each == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of that name, top to bottom."""
        return [value for each, value in self.items if each == name]

    def __contains__(self, name: object) -> bool:
        return any(each == name for each, _ in self.items)


def read_head(octets: bytes) -> tuple[Fields, int]:
    """The fields at the beginning of these octets (lines end with \\n), and where the body begins."""
    raw: list[tuple[bytes, list[bytes]]] = []
    position, end = 0, min(len(octets), MAX_HEAD)
    while position < end:
        stop = octets.find(b"\n", position) + 1 or len(octets)
        line = octets[position:stop]
        if line == b"\n":
            return _decoded(raw), stop
        if line[:1] in b" \t" and raw:
            raw[-1][1].append(line)
        elif found := _NAME.match(line):
            raw.append((found[1].lower(), [line[found.end() :]]))
        elif raw or not _goes_before_a_head(line):
            break
        position = stop
    return _decoded(raw), position


def _goes_before_a_head(line: bytes) -> bool:
    """An mbox separator, or white space of a careless gateway."""
    return line.startswith((b"From ", b">From ")) or not line.strip()


def _decoded(raw: list[tuple[bytes, list[bytes]]]) -> Fields:
    return Fields(tuple((name.decode("ascii"), _value(b"".join(lines))) for name, lines in raw[:MAX_FIELDS]))


def _value(octets: bytes) -> str:
    text = _FOLD.sub(" ", decode_text(octets[: MAX_VALUE * 2]).strip())
    return without_encoded_words(text)[:MAX_VALUE] if "=?" in text else text[:MAX_VALUE]


def without_encoded_words(text: str) -> str:
    """The text with its encoded words decoded; adjacent words of one charset are joined before (RFC 2047 §6.2)."""
    pieces: list[str] = []
    octets, charset, end = b"", "", 0
    for found in _ENCODED_WORD.finditer(text):
        between = text[end : found.start()]
        named = found[1].lower().partition("*")[0]  # RFC 2231 §5: a language may follow
        if between.strip() or charset != named:
            pieces.append(decode_text(octets, charset))
            octets = b""
        if between.strip() or not end:
            pieces.append(between)
        charset = named
        octets += _word(found[2], found[3])
        end = found.end()
    pieces += [decode_text(octets, charset), text[end:]]
    return _FOLD.sub(" ", "".join(pieces))


def _word(encoding: str, text: str) -> bytes:
    octets = text.encode("utf-8", "surrogateescape")
    return binascii.a2b_qp(octets, header=True) if encoding in "qQ" else decode_base64(octets)


def decode_base64(octets: bytes) -> bytes:
    """As much as can be read; what is outside the alphabet is passed over."""
    kept = octets.translate(None, _NOT_BASE64)
    return binascii.a2b_base64(kept[: len(kept) // 4 * 4] if len(kept) % 4 == 1 else kept + b"=" * (-len(kept) % 4))


_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(octet for octet in range(256) if octet not in _ALPHABET)


def media_type(value: str) -> str:
    """ "text/plain" of a Content-Type, in lower case and without parameters."""
    return value.partition(";")[0].strip(" \t\"'").lower()


def parameters(value: str) -> dict[str, str]:
    """The parameters of a Content-Type and its kin, names in lower case; continued and encoded ones put together."""
    found = [
        (each[1].lower(), _unquoted(each[2]) if each[2] is not None else each[3])
        for each in _PARAMETER.finditer(value[:_MAX_PARAMETERS])
    ]
    plain = {name: text for name, text in reversed(found) if "*" not in name}
    sections: dict[str, dict[int, tuple[bool, str]]] = {}
    for name, text in found:
        base, star, rest = name.partition("*")
        if star:
            number = rest.rstrip("*")
            sections.setdefault(base, {})[int(number[:3]) if number[:3].isdecimal() else 0] = (name.endswith("*"), text)
    return {base: _joined(parts) for base, parts in sections.items()} | plain


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text) if "\\" in text else text


def _joined(sections: dict[int, tuple[bool, str]]) -> str:
    """RFC 2231 §3 and §4: sections by number; charset'language' stands before the first encoded one."""
    octets, charset = b"", ""
    for number in sorted(sections):
        encoded, text = sections[number]
        if encoded and not octets and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        octets += unquote_to_bytes(text) if encoded else text.encode("utf-8", "replace")
    return decode_text(octets, charset)
