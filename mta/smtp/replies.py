"""Replies from a byte stream, however it is cut.

Owns   the incremental reader. Replies to be sent are `mta.reply.Reply.to_bytes`.
Knows  nothing of commands: which reply answers which command is the session's.

Tolerated: bare LF as line end, a code alone on its line, unequal codes in one reply (the last line's counts), text
in any charset, lines far beyond the 512 octets that a server may send, whose text is cut. Refused
(RemoteProtocolError): a line that does not begin with a code of 200-599 and a space, a hyphen or its end, and whatever
is longer than any server's reply, so that memory is bounded.
Text is kept readable: octets that are not UTF-8 become \\xNN, control characters (also those that
turn the direction of text) "?", so that it may be shown in a
terminal and stored anywhere.
RFC 5321 §4.2 (replies), §4.2.1 (multi-line), §4.5.3.1.5 (512 octets a line).
"""

import re
from functools import lru_cache

from ..reply import Reply, from_text_lines
from .errors import RemoteProtocolError

MAX_LINE_OCTETS = 65_536
MAX_REPLY_OCTETS = 131_072
KEPT_LINE_OCTETS = 2000
_SHORT = 512  # what RFC 5321 §4.5.3.1.5 allows
MAX_LINES = 200  # an EHLO reply with every registered keyword has some 40
_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class ReplyReader:
    """Give it octets with `feed`, take replies with `next_reply`; after an error it is of no more use."""

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0
        self._lines: list[str] = []
        self._octets = 0  # of the lines so far

    def feed(self, octets: bytes) -> None:
        self._buffer = self._buffer[self._at :] + octets if self._at < len(self._buffer) else octets
        self._at = 0

    def discard(self) -> None:
        """Forget everything that was not yet taken (RFC 3207 §4.2)."""
        self._buffer, self._at, self._lines, self._octets = b"", 0, [], 0

    def next_reply(self) -> Reply | None:
        """The next whole reply, or None until more octets come. Raises RemoteProtocolError."""
        return self._quick() or self._slow()

    def _quick(self) -> Reply | None:
        """The usual reply: one short line. None when it takes more than that."""
        buffer, at = self._buffer, self._at
        end = buffer.find(b"\r\n", at, at + _SHORT)
        if end < 0 or self._lines or buffer[at + 3 : at + 4] != b" ":
            return None
        line = buffer[at:end]
        if b"\n" in line:
            return None
        self._at = end + 2
        return _single(line)

    def _slow(self) -> Reply | None:
        while (line := self._next_line()) is not None:
            reply = self._add(line)
            if reply is not None:
                return reply
        return None

    def _next_line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._at)
        if (len(self._buffer) if end < 0 else end) - self._at > MAX_LINE_OCTETS:
            raise RemoteProtocolError("sent a reply line that is too long")
        if end < 0:
            return None
        line = self._buffer[self._at : end]
        self._at = end + 1
        return line.removesuffix(b"\r")

    def _add(self, line: bytes) -> Reply | None:
        code, is_last, text = _parse(line[:KEPT_LINE_OCTETS])
        self._lines.append(text)
        self._octets += len(line)
        if len(self._lines) > MAX_LINES or self._octets > MAX_REPLY_OCTETS:
            raise RemoteProtocolError("sent a reply without end")
        if not is_last:
            return None
        lines, self._lines, self._octets = self._lines, [], 0
        return from_text_lines(code, lines)


@lru_cache(maxsize=256)
def _single(line: bytes) -> Reply:
    """Cached, since most replies of a busy session repeat word for word."""
    code, _, text = _parse(line)
    return from_text_lines(code, [text])


def _parse(line: bytes) -> tuple[int, bool, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise RemoteProtocolError(f"sent what is no reply: {_readable(line[:60])!r}")
    return int(match[1]), match[2] != b"-", _readable(match[3] or b"")


def _readable(octets: bytes) -> str:
    text = octets.decode("utf-8", "backslashreplace")
    return text if text.isprintable() else _CONTROL.sub("?", text)
