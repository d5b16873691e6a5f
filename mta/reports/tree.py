"""MessageTree: a message of strangers as a list of decoded parts, in bounded time whatever it is.

Owns   the cut of octets into parts, and each part's text: transfer encoding and charset undone, HTML as words.
Knows  nothing of reports. The email package is not used: on hostile input it takes minutes and raises.

Invariants
    Every input gives a tree. LF, CRLF and CR as line ends of one message give the same tree; in every text a line ends
    with \\n, and with nothing else (`splitlines` and `split("\\n")` agree).
    Bounded: MAX_OCTETS of the message are looked at, MAX_TEXT of a part, MAX_PARTS, MAX_DEPTH, MAX_LINE characters a
    line, and the work is linear in that. What was left out says `truncated`.
    Attachments that are no text are never decoded; nothing is ever unpacked.
RFC 2045, RFC 2046 §5.1 (multipart), §5.2.1 (message/rfc822), RFC 6532 §3.7 (message/global).
"""

import binascii
import re
from collections.abc import Iterator

import msgspec

from .charsets import decode_text
from .fields import Fields, decode_base64, media_type, parameters, read_head
from .html_text import text_of_html

MAX_OCTETS = 1024 * 1024
MAX_TEXT = 256 * 1024  # characters of a part
MAX_PARTS = 100
MAX_DEPTH = 10
MAX_LINE = 4_000
MAX_BOUNDARY = 200  # RFC 2046 §5.1.1 allows 70
_LETTERS = frozenset({"message/rfc822", "message/global", "message/news"})
_NEVER_TEXT = ("image/", "audio/", "video/", "font/", "application/pdf", "application/zip", "application/gzip")
_GUESSED_BOUNDARY = re.compile(rb"(?:\A|\n)--([^\s]{1,200})[ \t]*\nContent-", re.IGNORECASE)
_IN_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]*")
_LONG_LINE = re.compile(f"[^\n]{{{MAX_LINE}}}(?=[^\n])")


class Part(msgspec.Struct, frozen=True):
    """One part. A multipart is followed by its parts; an enclosed letter is one part, cut only when asked for."""

    type: str  # "text/plain", lower case; "text/plain" where none is named
    fields: Fields = Fields()  # its own head: of the whole message for the first part
    text: str = ""  # decoded; of text/html what a reader sees; "" of multiparts, letters, and what is no text
    depth: int = 0  # 0 is the message itself
    letter: Fields | None = None  # of message/rfc822 and message/global: the enclosed letter's head
    octets: bytes = b""  # of the same: the enclosed letter

    def parameter(self, name: str) -> str:
        """A parameter of its Content-Type: "charset", "report-type", "name"."""
        return parameters(self.fields.first("content-type")).get(name, "")


class MessageTree(msgspec.Struct, frozen=True):
    """A message, or a letter enclosed in one."""

    fields: Fields = Fields()  # the message's head
    parts: tuple[Part, ...] = ()  # in order, containers before what they hold; never empty when read from octets
    truncated: bool = False

    @property
    def type(self) -> str:
        """The type of the message as a whole."""
        return self.parts[0].type if self.parts else "text/plain"

    @property
    def human_text(self) -> str:
        """What a reader is told: text/plain outside enclosed letters, HTML where there is no other."""
        plain = [part.text for part in self.parts if part.type == "text/plain"]
        if any(text.strip() for text in plain):
            return "\n".join(plain)
        return "\n".join(part.text for part in self.parts if part.type == "text/html")

    def enclosed(self) -> Iterator["MessageTree"]:
        """Each enclosed letter as a tree of its own. Whoever only wants its head has it in `Part.letter`."""
        return (_tree(part.octets) for part in self.parts if part.letter is not None)


def read_tree(octets: bytes) -> MessageTree:
    """The tree of these octets, of which at most MAX_OCTETS are looked at (a line end counts one). Never raises."""
    # Line ends shrink to a half at most, so these are enough, and the same whatever the line ends are.
    return _tree(_line_ends(octets[: 2 * MAX_OCTETS + 2]))


def _tree(octets: bytes) -> MessageTree:
    reader = _Reader(cut=len(octets) > MAX_OCTETS)
    fields = reader.entity(octets[:MAX_OCTETS], 0)
    return MessageTree(fields, tuple(reader.parts), reader.truncated)


class _Reader:
    """The walk: parts found so far, and whether a bound was met."""

    def __init__(self, *, cut: bool) -> None:
        self.parts: list[Part] = []
        self.truncated = cut

    def entity(self, octets: bytes, depth: int) -> Fields:
        """Read one message or part, and what it holds; its head."""
        fields, start = read_head(octets)
        if depth > MAX_DEPTH or len(self.parts) >= MAX_PARTS:
            self.truncated = True
            return fields
        content_type, body = fields.first("content-type"), octets[start:]
        media = media_type(content_type) or "text/plain"
        if media in _LETTERS:
            self.parts.append(_letter(media, fields, body, depth))
        elif boundary := _boundary(media, content_type, body):
            self.parts.append(Part(media if media.startswith("multipart/") else "multipart/mixed", fields, depth=depth))
            if not content_type:  # a notice may quote our multipart letter below its own words
                words = self._text("text/plain", "", body[: body.find(b"--" + boundary)])
                self.parts += [Part("text/plain", text=words, depth=depth + 1)] if words.strip() else []
            self._pieces(body, boundary, depth + 1)
        else:
            text = self._text(media, content_type, _decoded(fields, body))
            self.parts.append(Part(_leaf(media), fields, text, depth))
        return fields

    def _pieces(self, body: bytes, boundary: bytes, depth: int) -> None:
        for piece in _pieces(body, boundary):
            if len(self.parts) >= MAX_PARTS:
                self.truncated = True
                return
            self.entity(piece, depth)

    def _text(self, media: str, content_type: str, octets: bytes) -> str:
        if media.startswith(_NEVER_TEXT) or (media.startswith("application/") and b"\0" in octets[:1024]):
            return ""
        text = decode_text(octets, parameters(content_type).get("charset", ""))
        self.truncated = self.truncated or len(text) > MAX_TEXT
        text = text_of_html(text[:MAX_TEXT]) if media == "text/html" else text[:MAX_TEXT]
        return _LONG_LINE.sub(_wrapped, text)


def _letter(media: str, fields: Fields, body: bytes, depth: int) -> Part:
    octets = _line_ends(_decoded(fields, body)).lstrip(b"\n")
    return Part(media, fields, depth=depth, letter=read_head(octets)[0], octets=octets)


def _leaf(media: str) -> str:
    """A multipart whose parts cannot be found is text, and so is a type that is none."""
    return "text/plain" if media.startswith("multipart/") or "/" not in media else media


def _boundary(media: str, content_type: str, body: bytes) -> bytes:
    """The boundary of a multipart, b"" of what is none. Where the one named never occurs, the one that does."""
    named = b""
    if media.startswith("multipart"):
        named = parameters(content_type).get("boundary", "").rstrip().encode("utf-8", "replace")[:MAX_BOUNDARY]
    elif content_type:
        return b""
    if named and next(_delimiters(body, named), None):
        return named
    found = _GUESSED_BOUNDARY.search(body)
    return found[1] if found else b""


def _pieces(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """What stands between the delimiters; the last piece may lack its end. Preamble and epilogue are left out."""
    start = -1
    for at, after, closes in _delimiters(body, boundary):
        if 0 <= start < at:
            yield body[start : at - 1]
        start = -1 if closes else after
    if 0 <= start < len(body):
        yield body[start:]


def _delimiters(body: bytes, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    """(where it begins, where the next line begins, whether it closes) for each line that is a delimiter."""
    needle = b"--" + boundary
    at = body.find(needle)
    while at >= 0:
        after = at + 1
        if not at or body[at - 1] == 10:
            after = body.find(b"\n", at) + 1 or len(body)
            rest = body[at + len(needle) : after].rstrip()
            if rest in (b"", b"--"):
                yield at, after, bool(rest)
        at = body.find(needle, after)


def _wrapped(found: re.Match[str]) -> str:
    return found[0] + "\n"


def _decoded(fields: Fields, body: bytes) -> bytes:
    """The transfer encoding undone, where the body bears it out: gateways name one and leave the text as it is."""
    encoding = fields.first("content-transfer-encoding").partition(";")[0].strip().lower()
    if encoding == "base64" and _IN_BASE64.fullmatch(body[:1024]):
        return decode_base64(body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    return body


def _line_ends(octets: bytes) -> bytes:
    return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
