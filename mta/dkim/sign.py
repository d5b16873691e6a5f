"""Signing: the DKIM-Signature fields of a message, on a path of our own with `cryptography`.

Owns   building, folding and signing the field.
Knows  nothing of which key belongs to which message (`keyring`) and does no I/O.
Tags: v, a, c, d, s, t, h, bh, b. Never l= (it lets anyone append) and never x= (a queue may hold mail for days).
The body is hashed once and the header block made once, however many keys sign.
RFC 6376 §3.5 (tags), §3.7 (what is hashed), RFC 8463 §3 (Ed25519).
"""

import base64
import hashlib
from collections.abc import Sequence

from ..message.headers import fields
from .canon import body_hash, pieces_of, relaxed_field
from .key import SigningKey
from .policy import SIGNED, covered_fields, covered_names

_NAME = b"DKIM-Signature: "
_LINE_OCTETS = 76


def sign(head: bytes, body: bytes, keys: Sequence[SigningKey], now_s: int) -> bytes:
    """One DKIM-Signature field for each key, in that order, each ending with CRLF; to be put before `head`.

    Blocks for the time of the hash and the signatures: about 0.1 s for each 10 MB of body. For bodies that are not in
    memory, or are hashed elsewhere, see `sign_hashed`.
    """
    return sign_hashed(head, body_hash(pieces_of(body)), keys, now_s)


def sign_hashed(head: bytes, bh: bytes, keys: Sequence[SigningKey], now_s: int) -> bytes:
    """As `sign`, for a body whose `canon.body_hash` is known."""
    present = _signed_fields(head)
    block = b"".join(relaxed_field(name, raw) for name, raw in covered_fields(present))
    names = covered_names(present)
    return b"".join(_field(key, block, names, bh, now_s) for key in keys)


def _signed_fields(head: bytes) -> dict[bytes, list[bytes]]:
    present: dict[bytes, list[bytes]] = {}
    for field in fields(head):
        if field.name_lower in SIGNED:
            present.setdefault(field.name_lower, []).append(field.raw)
    return present


def _field(key: SigningKey, block: bytes, names: bytes, bh: bytes, now_s: int) -> bytes:
    unsigned = _NAME + _tags(key, names, bh, now_s)
    own = relaxed_field(b"dkim-signature", unsigned)[:-2]  # RFC 6376 §3.7: without its CRLF, b= empty
    signature = base64.b64encode(key.sign_digest(hashlib.sha256(block + own).digest()))
    return unsigned + _folded_base64(signature) + b"\r\n"


def _tags(key: SigningKey, names: bytes, bh: bytes, now_s: int) -> bytes:
    """All tags, ending with an empty b= on a line of its own so that what follows folds evenly."""
    tags = [
        b"v=1;",
        b"a=" + key.algorithm.encode("ascii") + b";",
        b"c=relaxed/relaxed;",
        b"d=" + key.domain.encode("ascii") + b";",
        b"s=" + key.selector.encode("ascii") + b";",
        b"t=%d;" % now_s,
    ]
    return _folded_tags(tags) + b"\r\n h=" + names + b";\r\n bh=" + bh + b";\r\n b="


def _folded_tags(tags: Sequence[bytes]) -> bytes:
    """A domain or selector that is longer than a line gets a line of its own: it must not be broken."""
    folded, width = tags[0], len(_NAME) + len(tags[0])
    for tag in tags[1:]:
        if width + 1 + len(tag) <= _LINE_OCTETS:
            folded, width = folded + b" " + tag, width + 1 + len(tag)
        else:
            folded, width = folded + b"\r\n " + tag, 1 + len(tag)
    return folded


def _folded_base64(text: bytes) -> bytes:
    first = _LINE_OCTETS - len(b" b=")
    rest = _LINE_OCTETS - 1
    lines = [text[:first], *(text[start : start + rest] for start in range(first, len(text), rest))]
    return b"\r\n ".join(lines)
