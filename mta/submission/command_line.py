"""A command line: the verb and its argument.

Owns    the octets a command may consist of, and the replies to lines that are no command.
Knows   nothing of what commands mean.
Invariant
        a line that does not end in CR LF, or holds another CR, LF or NUL, is never taken for a command: another server
        may have read it as part of a message.
RFC 5321 §2.3.8, §4.5.3.1.4; RFC 6531 §3.1 (UTF-8 in commands).
"""

from ..reply import Reply, reply

MAX_COMMAND_OCTETS = 2048  # RFC 5321 §4.5.3.1.4 has 512, its extensions add to that; only AUTH may be longer

LINE_TOO_LONG = reply(500, "5.5.2", "the line is too long")
NOT_SMTP = reply(421, "4.7.0", "this is not SMTP")
_BAD_LINE = reply(500, "5.5.2", "a line ends with CR LF and has no other CR, LF or NUL")
_NOT_TEXT = reply(500, "5.5.2", "the line is neither ASCII nor UTF-8")

_FORBIDDEN = frozenset({"CONNECT", "GET", "POST"})  # a browser or proxy made to talk to us: no mail client


def parse_command(line: bytes) -> tuple[str, str] | Reply:
    """The verb in upper case and its argument; or the reply to a line that is no command."""
    body = line[:-2]
    if line[-2:] != b"\r\n" or b"\r" in body or b"\0" in body:
        return _BAD_LINE
    try:
        verb, _, argument = body.decode("utf-8").rstrip(" \t").partition(" ")
    except UnicodeDecodeError:
        return _NOT_TEXT
    verb = verb.upper()
    if verb in _FORBIDDEN:
        return NOT_SMTP
    if len(line) > MAX_COMMAND_OCTETS and verb != "AUTH":
        return LINE_TOO_LONG
    return verb, argument.lstrip(" ") if argument[:1] == " " else argument
