"""The syntax of SMTP commands, as a receiver reads them.

Owns   cutting a MAIL or RCPT command into path and parameters.
Knows  nothing of what is offered or in which order commands may come. Written apart from `mta.smtp`: the simulator
       exists to check it.
RFC 5321 §4.1.2.
"""

import re

_PATH = re.compile(rb'(?:MAIL FROM|RCPT TO): ?<((?:"(?:[^"\\]|\\.)*"|[^">])*)>(?: (.*))?', re.IGNORECASE | re.DOTALL)


class SyntaxFault(ValueError):
    """The command is not what RFC 5321 §4.1.2 allows; str() says what is wrong."""


def path_and_parameters(line: bytes) -> tuple[str, str]:
    """The path without angle brackets, its domain in lower case, and the parameters as given. Raises SyntaxFault."""
    found = _PATH.fullmatch(line)
    if found is None:
        raise SyntaxFault("a path in angle brackets was expected")
    try:
        path = found.group(1).decode("utf-8")
        parameters = (found.group(2) or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise SyntaxFault("the command is not UTF-8") from error
    local, at, domain = path.rpartition("@")
    return local + at + domain.lower(), parameters


def parameter_names(parameters: str) -> dict[str, str]:
    """Parameters by their name in upper case; a name without "=" has "" as its value."""
    pairs = (each.partition("=") for each in parameters.split())
    return {name.upper(): value for name, _, value in pairs}
