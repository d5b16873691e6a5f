"""Header policy: which fields a signature covers.

Owns   the three lists, and the h= tag that they give for a message.
Knows  nothing of keys. Oversigned fields are named once more than they occur, so that nobody can add one to a message
       that still verifies; they are those that readers show or that decide how the body is read.
       Never signed: what the way adds or changes (Return-Path, Received, Authentication-Results, ARC-*), what must not
       be known (Bcc), what is nobody's promise (X-*) — simply all that no list names.
RFC 6376 §5.4 (what to sign), §8.15 (why to oversign), §3.5 (h=).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

OVERSIGNED = (
    b"from",
    b"to",
    b"cc",
    b"subject",
    b"date",
    b"message-id",
    b"reply-to",
    b"mime-version",
    b"content-type",
    b"content-transfer-encoding",
)
SIGNED_IF_PRESENT = (
    b"sender",
    b"in-reply-to",
    b"references",
    b"list-id",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"feedback-id",
    b"auto-submitted",
)
SIGNED = frozenset(OVERSIGNED + SIGNED_IF_PRESENT)
_LINE_OCTETS = 76
_NO_FIELDS: tuple[bytes, ...] = ()


def covered_names(present: Mapping[bytes, Sequence[bytes]]) -> bytes:
    """The h= value, folded for a line of its own; `present` maps lower-case names to the fields of that name."""
    oversigned = tuple(len(present.get(name, _NO_FIELDS)) for name in OVERSIGNED)
    optional = tuple(len(present.get(name, _NO_FIELDS)) for name in SIGNED_IF_PRESENT)
    return _h_value(oversigned, optional)


def covered_fields(present: Mapping[bytes, Sequence[bytes]]) -> list[tuple[bytes, bytes]]:
    """(name, raw field) in the order of h=: fields of one name from the bottom up (RFC 6376 §5.4.2)."""
    return [(name, raw) for name in OVERSIGNED + SIGNED_IF_PRESENT for raw in reversed(present.get(name, _NO_FIELDS))]


@lru_cache(maxsize=256)
def _h_value(oversigned: tuple[int, ...], optional: tuple[int, ...]) -> bytes:
    names: list[bytes] = []
    for name, occurrences in zip(OVERSIGNED, oversigned, strict=True):
        names += [name] * (occurrences + 1)
    for name, occurrences in zip(SIGNED_IF_PRESENT, optional, strict=True):
        names += [name] * occurrences
    return _folded(names)


def _folded(names: Sequence[bytes]) -> bytes:
    lines = [b"h=" + names[0]]
    for name in names[1:]:
        if len(lines[-1]) + len(name) + 1 < _LINE_OCTETS:
            lines[-1] += b":" + name
        else:
            lines[-1] += b":"
            lines.append(name)
    return b"\r\n ".join(lines)[2:]
