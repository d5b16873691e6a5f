"""How a receiver writes its replies: in good form, or in one of the bad ones that clients meet.

Owns   the way from words ("250 2.0.0 Ok") to octets, in each `ReplyStyle`.
Knows  nothing of when a reply is due, and of sockets: `octets` is cut by the session.
RFC 5321 §4.2 (replies), §4.5.3.1.5 (512 octets a line).
"""

from collections.abc import Sequence
from typing import assert_never

from .behaviours import ReplyStyle
from .settings import parse_reply

_LATIN = " \u00fcber \u00e9t\u00e9".encode("latin-1")
_LONG = " " + "x" * 5000


def written(words: str, style: ReplyStyle) -> bytes:
    """The octets of a reply; `words` as in the file."""
    match style:
        case ReplyStyle.PLAIN | ReplyStyle.OCTETS:
            return parse_reply(words).to_bytes()
        case ReplyStyle.MULTILINE:
            return parse_reply(f"{words}\nsecond line\nlast line").to_bytes()
        case ReplyStyle.BARE_LF:
            return parse_reply(words).to_bytes().replace(b"\r\n", b"\n")
        case ReplyStyle.CODE_ONLY:
            return f"{words[:3]}\r\n".encode("ascii")
        case ReplyStyle.EIGHT_BIT:
            return parse_reply(words).to_bytes().replace(b"\r\n", _LATIN + b"\r\n")
        case ReplyStyle.LONG:
            return parse_reply(words + _LONG).to_bytes()
        case ReplyStyle.NO_SPACE:
            return f"{words[:3]}{words[4:]}\r\n".encode("ascii")
        case _:
            assert_never(style)


def welcome(lines: Sequence[str], style: ReplyStyle) -> bytes:
    """The reply to EHLO. Its lines are data (RFC 5321 §4.1.1.1), so of the styles only the line end is kept."""
    last = len(lines) - 1
    text = "".join(f"250{' ' if at == last else '-'}{each}\r\n" for at, each in enumerate(lines))
    return text.replace("\r\n", "\n" if style is ReplyStyle.BARE_LF else "\r\n").encode("ascii")
