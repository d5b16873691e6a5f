"""What a sending MTA must not do: faults in what arrives.

Owns   the names of violations and the checks of a message's octets.
Knows  nothing of dialogs; `Provider.violations` counts them.
RFC 5321 §2.3.8 (CRLF only), §4.5.3.1.6 (lines of at most 1000 octets), RFC 2920 §3.1 (who may pipeline what),
RFC 6152 §3 (8-bit content).
"""

from collections.abc import Iterator

BARE_CR_OR_LF = "bare CR or LF in the content"
LONG_LINE = "a line of more than 1000 octets"
EIGHT_BIT = "8-bit content without 8BITMIME"
PIPELINED = "a command before the reply to the one before"
GROUP_NOT_ENDED = "octets after a command that must be the last of its group"
BEFORE_GREETING = "a command before the greeting"
BEFORE_TLS = "octets between STARTTLS and its reply"
LONG_COMMAND = "a command line too long"
NOT_OFFERED = "a parameter that was not offered"
SEQUENCE = "a bad sequence of commands"
SYNTAX = "a syntax error in a command"
MAX_LINE_OCTETS = 1000  # with its CRLF


def in_content(content: bytes, *, eight_bit_allowed: bool) -> Iterator[str]:
    """The faults of a message's octets."""
    ends = content.count(b"\r\n")
    if content.count(b"\n") != ends or content.count(b"\r") != ends:
        yield BARE_CR_OR_LF
    if len(content) > MAX_LINE_OCTETS and max(map(len, content.split(b"\r\n"))) > MAX_LINE_OCTETS - 2:
        yield LONG_LINE
    if not eight_bit_allowed and not content.isascii():
        yield EIGHT_BIT
