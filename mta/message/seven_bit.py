"""8-bit content made 7-bit, for a next hop without 8BITMIME.

Owns   which parts are re-encoded and how, and what is never converted.
Knows  nothing of hops or of our own signature, which is made after this.

Invariants
    The result is ASCII, and every leaf part decodes to the octets that it decoded to before.
    What is ASCII already is returned as it is; a part that is ASCII keeps every octet.
    A message that bears somebody's signature, or holds a signed or encrypted part, is never converted: it would break.
Text becomes quoted-printable or base64, whichever is shorter; all else base64. 8-bit octets between the parts of a
multipart, which no reader shows, become "?". 8-bit text without any label is labelled as what it is: unknown.
RFC 6152 §3 (the duty), RFC 2045 §6.2, §6.7, §6.8, RFC 2046 §5.1, §5.2.1 (a message may not be encoded as a whole),
RFC 1847 §2.1 (signed parts), RFC 6532 §3.7 (message/global may), RFC 1428 §3 (unknown-8bit).
"""

import base64
import binascii

from .headers import fields, split_head
from .mime import Entity, cut, read_entity, value_of, with_encoding, with_field

_SIGNATURES = frozenset(
    {b"dkim-signature", b"domainkey-signature", b"arc-seal", b"arc-message-signature", b"x-google-dkim-signature"}
)
_SEALED_TYPES = frozenset(
    {"multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
)
_RAW_ENCODINGS = frozenset({"7bit", "8bit", "binary"})
_MAX_DEPTH = 50
_HIGH_TO_QUESTION = bytes(octet if octet < 128 else ord("?") for octet in range(256))
_HIGH = bytes(range(128, 256))


class Unconvertible(Exception):
    """str() goes on after "content, which …"."""


def to_seven_bit(head: bytes, body: bytes) -> tuple[bytes, bytes]:
    """Head (with its blank line) and body in ASCII. Raises Unconvertible."""
    if head.isascii() and body.isascii():
        return head, body
    if any(field.name_lower in _SIGNATURES for field in fields(head)):
        raise Unconvertible("is signed and so cannot be converted")
    if value_of(head, b"mime-version") is None:
        head = with_field(head, b"MIME-Version: 1.0\r\n")
    return _convert(head, body, 0, in_digest=False)


def _convert(head: bytes, body: bytes, depth: int, *, in_digest: bool) -> tuple[bytes, bytes]:
    if not head.isascii():
        raise Unconvertible("has 8-bit octets in a header and so cannot be converted")
    if body.isascii():
        return head, body
    if depth > _MAX_DEPTH:
        raise Unconvertible("is nested too deeply to be converted")
    entity = read_entity(head, in_digest=in_digest)
    if entity.type in _SEALED_TYPES:
        raise Unconvertible(f"is {entity.type} and so cannot be converted")
    if entity.type.startswith("multipart/"):
        return _unlabelled(head, entity), _convert_multipart(entity, body, depth)
    if entity.type == "message/rfc822":
        inner = _convert(*split_head(body), depth + 1, in_digest=False)
        return _unlabelled(head, entity), b"".join(inner)
    return _convert_leaf(head, body, entity)


def _unlabelled(head: bytes, entity: Entity) -> bytes:
    """The head of a part whose inner parts were converted: it is no longer 8-bit."""
    if entity.encoding not in _RAW_ENCODINGS:
        raise Unconvertible(f"has a {entity.type} part encoded as {entity.encoding[:30]} and so cannot be converted")
    return with_encoding(head, b"7bit") if entity.encoding != "7bit" else head


def _convert_multipart(entity: Entity, body: bytes, depth: int) -> bytes:
    found = cut(body, entity.boundary) if entity.boundary else None
    if found is None:
        raise Unconvertible("has a multipart body without its boundary and so cannot be converted")
    in_digest = entity.type == "multipart/digest"
    pieces = [found.preamble.translate(_HIGH_TO_QUESTION)]
    for delimiter, part in found.parts:
        pieces += (delimiter, *_convert(*split_head(part), depth + 1, in_digest=in_digest))
    pieces.append(found.epilogue.translate(_HIGH_TO_QUESTION))
    return b"".join(pieces)


def _convert_leaf(head: bytes, body: bytes, entity: Entity) -> tuple[bytes, bytes]:
    is_text = entity.type.startswith("text/")
    match entity.encoding:
        case "7bit" | "8bit" | "binary":
            encoding, encoded = _encoded(body, is_text=is_text)
        case "quoted-printable":  # octets that must not be there, and that readers take as they are
            encoding, encoded = b"quoted-printable", _quoted_printable(binascii.a2b_qp(body))
        case "base64":  # octets that must not be there, and that readers skip
            encoding, encoded = b"base64", body.translate(None, _HIGH)
        case other:
            raise Unconvertible(f"has 8-bit octets in a part encoded as {other[:30]} and so cannot be converted")
    if not entity.is_labelled:
        head = with_field(head, b"Content-Type: text/plain; charset=unknown-8bit\r\n")
    return with_encoding(head, encoding), encoded


def _encoded(octets: bytes, *, is_text: bool) -> tuple[bytes, bytes]:
    in_base64 = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    if is_text:
        quoted = _quoted_printable(octets)
        if len(quoted) <= len(in_base64):
            return b"quoted-printable", quoted
    return b"base64", in_base64


def _quoted_printable(text: bytes) -> bytes:
    """Line by line, so that white space at the end of a line is encoded and soft line ends are CRLF."""
    lines = (binascii.b2a_qp(line, istext=True).replace(b"=\n", b"=\r\n") for line in text.split(b"\r\n"))
    return b"\r\n".join(lines)
