"""Mailboxes: the addresses of an address-list field (From, Sender, To …).

Owns   reading `Name <a@b>`, groups, comments, quoted strings, encoded words and raw UTF-8 down to the addresses.
Knows  nothing of which field it reads, nor whether an address is acceptable (mta.address) or owned (policy.senders).
Refuses what two readers could understand differently: an author that we and the receiver read apart is a forged
       author with our signature on it. So `ceo@example.org <me@example.net>` unquoted is a HeaderError, as are routes
       (`<@a:b@c>`), white space inside an address, and words after it. Every rule is linear in the value's length.
RFC 5322 §3.4 (address lists), §4.4 (what is obsolete); RFC 6854 §2.1 (groups in From); RFC 6532 §3.2 (UTF-8);
RFC 2047 §5 (encoded words).
"""

import re
from collections.abc import Iterator


class HeaderError(ValueError):
    """A header field that cannot be understood in one way only; str() is one sentence for its author."""


_ATEXT_ASCII = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_USUAL = re.compile(
    rb"(?:\"[^\"\\<>\x00-\x1f\x7f]*\"|[A-Za-z0-9 !#$%&'*+/=?^_`{|}~.\x80-\xff-]*) ?"
    rb"<(" + _ATEXT_ASCII + rb"+(?:\." + _ATEXT_ASCII + rb"+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)>"
)

_ATEXT = r"[^\x00-\x20\x7f()<>@,;:\\\"\[\].]"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_TOKEN = re.compile(
    rf"(?P<encoded>=\?[^?\s<>\"]+\?[bBqQ]\?[^?\s<>\"]*\?=)"
    rf"|(?P<address>(?:{_ATEXT}+(?:\.{_ATEXT}+)*|{_QUOTED})@(?:{_ATEXT}+(?:\.{_ATEXT}+)*|\[[^\[\]\\\s]*\]))"
    rf"|(?P<word>(?:{_ATEXT}|\.)+|{_QUOTED})"
    r"|(?P<special>[<>,:;])",
    re.DOTALL,
)
_COMMENT_STEP = re.compile(r"[^()\\]+|\\.|[()]", re.DOTALL)
_Token = tuple[str, str]  # kind ("word", "address", or the special itself), text


def addresses_in(value: bytes) -> list[str]:
    """The addresses of an unfolded address-list value, in order, as written. Raises HeaderError.

    An empty group gives no address.
    """
    usual = _USUAL.fullmatch(value)
    if usual is not None and b"=?" not in usual[1]:
        return [usual[1].decode("ascii")]
    return _AddressList().read(_tokens(value.decode("utf-8", "surrogateescape")))


class _AddressList:
    """One pass over the tokens; `_words`: a display name was begun, `_complete`: a comma must come next."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._words = False
        self._complete = False
        self._in_group = False

    def read(self, tokens: Iterator[_Token]) -> list[str]:
        for kind, text in tokens:
            match kind:
                case "word":
                    self._word()
                case "address":
                    self._bare_address(text)
                case "<":
                    self._angle_address(tokens)
                case _:
                    self._separator(kind)
        if self._words or self._in_group:
            raise HeaderError("the address list ends before its last address is complete")
        return self._found

    def _word(self) -> None:
        if self._complete:
            raise HeaderError("there are words between an address and the next comma")
        self._words = True

    def _bare_address(self, address: str) -> None:
        if self._words or self._complete:
            raise HeaderError("an address beside other words needs angle brackets")
        self._add(address)

    def _angle_address(self, tokens: Iterator[_Token]) -> None:
        inner, closing = next(tokens, ("", "")), next(tokens, ("", ""))
        if self._complete or inner[0] != "address" or closing[0] != ">":
            raise HeaderError("the angle brackets do not hold exactly one address")
        self._add(inner[1])

    def _add(self, address: str) -> None:
        if "=?" in address:  # RFC 2047 §5 (3); some readers decode it all the same, and show another author
            raise HeaderError("an encoded word stands in an address")
        try:
            address.encode("utf-8")
        except UnicodeEncodeError:
            raise HeaderError("an address has octets that are not UTF-8") from None
        self._found.append(address)
        self._words, self._complete = False, True

    def _separator(self, special: str) -> None:
        """',' ends an address, ':' opens a group, ';' closes it; a '>' has no business here."""
        if special == ":":
            if not self._words or self._in_group:
                raise HeaderError("a colon stands where no group may begin")
            self._in_group, self._words = True, False
            return
        if self._words or special == ">":
            raise HeaderError("a name is not followed by its address")
        if special == ";" and not self._in_group:
            raise HeaderError("a semicolon stands outside a group")
        self._complete = special == ";"
        self._in_group = self._in_group and special == ","


def _tokens(text: str) -> Iterator[_Token]:
    position = _after_blanks(text, 0)
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise HeaderError("the address list has a character that is not allowed there")
        yield _classified(found)
        position = _after_blanks(text, found.end())


def _classified(found: re.Match[str]) -> _Token:
    kind, text = str(found.lastgroup), found[0]
    if kind == "special":
        return text, text
    if kind == "encoded":
        # A reader that ignores RFC 2047 would see `x@bank.example,` in it as an address of its own.
        if "," in text and "@" in text:
            raise HeaderError("an encoded word could be taken for an address")
        return "word", text
    return kind, text


def _after_blanks(text: str, position: int) -> int:
    """Where white space and (nested) comments end."""
    while position < len(text):
        if text[position] == "(":
            position = _after_comment(text, position)
        elif text[position] in " \t":
            position += 1
        else:
            break
    return position


def _after_comment(text: str, position: int) -> int:
    depth = 0
    for step in _COMMENT_STEP.finditer(text, position):
        depth += {"(": 1, ")": -1}.get(step[0], 0)
        if depth == 0:
            return step.end()
    raise HeaderError("a comment in the address list is not closed")
