"""SMTP replies as values.

Owns   the value `Reply` (code, enhanced status code, text lines) and its two textual forms.
Knows  nothing of sockets; reading replies from a byte stream is `mta.smtp.replies`.
RFC 5321 §4.2 (replies), RFC 2034 and RFC 3463 §2 (enhanced status codes).
"""

import re

import msgspec

_ENHANCED = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?:\s+|$)")
_CODES = re.compile(r"\s*(?:([2-5][0-9]{2})(?:[ -]|$)\s*)?(?:#?([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])\s*)?")


class Reply(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A whole reply: `code` 200-599, `enhanced` like "5.1.1" or "", `lines` without code, enhanced code and CRLF.

    `lines` has at least one element (it may be empty text).
    """

    code: int
    enhanced: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The human part in one line."""
        return " ".join(self.lines)

    @property
    def is_positive(self) -> bool:
        return 200 <= self.code < 400

    @property
    def is_transient(self) -> bool:
        return 400 <= self.code < 500

    @property
    def is_permanent(self) -> bool:
        return 500 <= self.code < 600

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)

    def to_bytes(self) -> bytes:
        """The reply on the wire (RFC 5321 §4.2.1); text must be free of CR and LF."""
        head = f"{self.enhanced} " if self.enhanced else ""
        last = len(self.lines) - 1
        if not last:
            return f"{self.code} {head}{self.lines[0]}\r\n".encode("utf-8", "surrogateescape")
        return "".join(
            f"{self.code}{' ' if at == last else '-'}{head}{line}\r\n" for at, line in enumerate(self.lines)
        ).encode("utf-8", "surrogateescape")


def reply(code: int, enhanced: str, *lines: str) -> Reply:
    """Shorthand for a reply of ours."""
    return Reply(code, enhanced, lines or ("",))


def reply_line(code: int, enhanced: str, text: str) -> str:
    """As a reply reads: code, enhanced code, words. Words of a notice often begin with both: they are not said twice.

    `code` 0 and `enhanced` "": none was said.
    """
    match = _CODES.match(text)
    assert match is not None  # it may be empty
    own_code, own_enhanced = match.groups()
    if own_code and code and own_code != str(code):  # it quotes another reply
        parts = (str(code), enhanced, text)
    else:
        parts = (own_code or str(code or ""), own_enhanced or enhanced, text[match.end() :])
    return " ".join(part for part in parts if part)


def from_text_lines(code: int, lines: list[str]) -> Reply:
    """A reply from its lines with the code already cut off; the enhanced code is taken from the first line.

    The enhanced code counts only when its class equals the code's (RFC 2034 §4), and is cut off every line that
    repeats it.
    """
    match = _ENHANCED.match(lines[0])
    if match is None or int(match.group(1)) != code // 100:
        return Reply(code, "", tuple(lines))
    enhanced = ".".join(match.groups())
    return Reply(code, enhanced, tuple(_without(enhanced, line) for line in lines))


def _without(enhanced: str, line: str) -> str:
    rest = line.removeprefix(enhanced)
    return rest.lstrip() if rest != line and (not rest or rest[0].isspace()) else line
