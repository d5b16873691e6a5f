"""Canonical form: what of a message a signature speaks about (relaxed/relaxed).

Owns   the relaxed form of bodies, piece by piece and in one go, and of header fields.
Knows  nothing of keys or of which fields are signed. "simple" is not offered: relays that trim or refold are common.
Invariants
    The cut of a body into pieces never changes its form or its hash.
    A body without a final CRLF gets one first, for that is what SMTP will carry.
    Work is by whole-buffer octet searches, never a Python step per line: a 20 MB body costs no second copy.
RFC 6376 §3.4.2 (header), §3.4.4 (body), §3.7 (hashes).
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator

_CRLF = b"\r\n"
_LEADING_EMPTY_LINES = re.compile(rb"(?:\r\n)*")
_TRAILING_LINES_STEP = 4096  # empty lines written at once
_PIECE_OCTETS = 256 * 1024
_WHITE_RUN = re.compile(rb"[ \t]+")


class RelaxedBody:
    """The relaxed form of a body that comes in pieces. `update` gives what is decided so far, `finish` the rest."""

    def __init__(self) -> None:
        self._undecided = b""  # white space or half a line end that the next piece decides
        self._empty_lines = 0  # line ends held back: dropped if nothing follows (§3.4.4 a)
        self._has_content = False

    def update(self, piece: bytes) -> Iterable[bytes]:
        squeezed = _squeezed(self._undecided + piece if self._undecided else piece)
        content = squeezed.rstrip(b" \r\n")
        decided: list[bytes] = []
        if content:
            decided.extend(self._released_lines())
            decided.append(content)
            self._has_content = True
        rest = squeezed[len(content) :]
        lines_end = _end_of_empty_lines(rest)
        self._empty_lines += lines_end // 2
        self._undecided = rest[lines_end:]
        return decided

    def finish(self) -> Iterable[bytes]:
        rest = self._undecided
        if rest:
            rest = _without_trailing_lines(_squeezed(rest if rest.endswith(_CRLF) else rest + _CRLF))
        if rest:
            return (*self._released_lines(), rest, _CRLF)
        return (_CRLF,) if self._has_content else ()

    def _released_lines(self) -> Iterator[bytes]:
        lines, self._empty_lines = self._empty_lines, 0
        while lines > 0:
            yield _CRLF * min(lines, _TRAILING_LINES_STEP)
            lines -= _TRAILING_LINES_STEP


def relaxed_body(body: bytes) -> bytes:
    """The relaxed form in one piece."""
    form = RelaxedBody()
    return b"".join((*form.update(body), *form.finish()))


def body_hash(pieces: Iterable[bytes]) -> bytes:
    """The bh= value (base64) of a body, read piece by piece; releases the interpreter while hashing."""
    form = RelaxedBody()
    digest = hashlib.sha256()
    for piece in pieces:
        for decided in form.update(piece):
            digest.update(decided)
    for decided in form.finish():
        digest.update(decided)
    return base64.b64encode(digest.digest())


def pieces_of(body: bytes) -> Iterable[bytes]:
    """A body in memory, cut so that no second copy of a large one is made."""
    if len(body) <= _PIECE_OCTETS:
        return (body,)
    view = memoryview(body)
    return (bytes(view[start : start + _PIECE_OCTETS]) for start in range(0, len(body), _PIECE_OCTETS))


def relaxed_field(name_lower: bytes, raw: bytes) -> bytes:
    """The relaxed form of one header field, with its CRLF."""
    value = raw.partition(b":")[2]
    if b"\v" in value or b"\f" in value or not value.count(b"\r") == value.count(b"\n") == value.count(_CRLF):
        # bytes.split() takes \v, \f, bare CR and bare LF for white space, RFC 6376 does not.
        unfolded = value.replace(_CRLF, b"")
        return name_lower + b":" + _WHITE_RUN.sub(b" ", unfolded).strip(b" ") + _CRLF
    return name_lower + b":" + b" ".join(value.split()) + _CRLF


def _squeezed(octets: bytes) -> bytes:
    """Runs of white space become one space, none before a line end. Applying it twice changes nothing."""
    if b"\t" in octets:
        octets = octets.replace(b"\t", b" ")
    while b"  " in octets:  # each round halves the longest run
        octets = octets.replace(b"  ", b" ")
    if b" \r\n" in octets:
        octets = octets.replace(b" \r\n", _CRLF)
    return octets


def _end_of_empty_lines(octets: bytes) -> int:
    found = _LEADING_EMPTY_LINES.match(octets)
    return found.end() if found else 0


def _without_trailing_lines(octets: bytes) -> bytes:
    while octets.endswith(_CRLF):  # short: only what followed a bare CR or LF comes here
        octets = octets[:-2]
    return octets
