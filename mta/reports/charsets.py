"""Charsets: octets of strangers as text, whatever they say their charset is.

Owns   `decode_text`: by the charset named, where the octets bear it out; else by the one that they look like.
Knows  nothing of MIME.

Invariants
    Every input gives a text: unknown names, wrong names, and octets of no charset at all.
    Linear time, never more characters than octets. Lines end with \\n, and no other character ends a line.
RFC 2045 §5.2 (us-ascii is what stands without a name), RFC 6532 §3.1 (UTF-8 in header fields).
"""

import codecs
import re
from collections.abc import Iterator
from encodings.aliases import aliases

_LARGER = {  # what senders name, and the superset that they use
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x_gbk": "gb18030",
    "cn_gb": "gb18030",
    "hz_gb_2312": "hz",
    "big5": "cp950",
    "x_big5": "cp950",
    "ks_c_5601_1987": "cp949",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "x_sjis": "cp932",
    "windows_31j": "cp932",
    "iso_2022_jp": "iso2022_jp_ext",
    "tis_620": "cp874",
    "iso_8859_8_i": "iso8859_8",
    "unicode_1_1_utf_7": "utf_7",
}
_SAY_NOTHING = frozenset({"", "us_ascii", "ascii", "iso_8859_1", "latin1", "latin_1"})  # named by habit
_FAMILIES = ("utf", "gb", "hz", "big5", "cp", "euc", "iso", "shift", "koi8", "mac", "tis", "johab", "ptcp", "kz", "hp")
_CODECS = frozenset(name for name in [*aliases, *aliases.values()] if aliases.get(name, name).startswith(_FAMILIES))
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_ENDS_LINES = re.compile("[\0\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_ENDS_NO_LINE = {ord(c): " " for c in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"} | {0: None}
_LOOKED_AT = 4096  # octets that a guess goes by
_SURE = 16  # octets above 127 from which on their values tell Cyrillic from Chinese


def decode_text(octets: bytes, charset: str = "") -> str:
    """The octets as text. Never raises; what cannot be read is U+FFFD."""
    text = _decode(octets, charset.strip(" \t\"'").lower().replace("-", "_"))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_ENDS_NO_LINE) if _ENDS_LINES.search(text) else text


def _decode(octets: bytes, charset: str) -> str:
    if octets.isascii() and b"\x1b" not in octets and not charset.startswith(("utf_", "hz")):
        return octets.decode("ascii")
    for codec in _candidates(octets, charset):
        text = _strictly(octets, codec)
        if text is not None:
            return text
    return octets.decode("latin-1")


def _candidates(octets: bytes, charset: str) -> Iterator[str]:
    """Codecs to try, the likeliest first."""
    named = _LARGER.get(charset, charset)
    if charset not in _SAY_NOTHING and named in _CODECS:
        yield named
    if b"\x1b$" in octets:
        yield "iso2022_jp_ext"
    yield "utf_8"
    yield from _looks_like(octets[:_LOOKED_AT])
    yield "cp1252"


def _strictly(octets: bytes, codec: str) -> str | None:
    """The text, or None when these octets are not of that charset. A character cut off at the end is left out."""
    try:
        return codecs.getincrementaldecoder(codec)().decode(octets)
    except (UnicodeError, LookupError, ValueError):
        return None


def _looks_like(octets: bytes) -> Iterator[str]:
    """Guesses by how the octets above 127 stand: in pairs (Chinese, Japanese), in words (Cyrillic), alone (Latin)."""
    runs = _HIGH_RUN.findall(octets)
    high = sum(map(len, runs))
    if _count(octets, 0x82, 0x83) > high // 4:
        yield "cp932"
    if high > 3 * len(runs) and high >= _SURE and _count(octets, *range(0xA1, 0xC0)) < high // 10:  # letters only
        yield "koi8_r" if _count(octets, *range(0xC0, 0xE0)) > high // 2 else "cp1251"
    if all(len(run) % 2 == 0 for run in runs):
        yield "euc_jp" if _count(octets, 0xA4, 0xA5) > high // 6 else "gb18030"
    if high > len(runs) * 3 // 2:
        yield "cp950"


def _count(octets: bytes, *values: int) -> int:
    return len(octets) - len(octets.translate(None, bytes(values)))
