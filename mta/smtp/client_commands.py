"""The commands of a transaction as octets.

Owns   MAIL and RCPT with the parameters that the peer understands.
Refuses to write a command with CR, LF or an unannounced character: LocalProtocolError, nothing is written.
Knows  nothing of whether the peer can take the request; that is `client_fitting`.
RFC 5321 §4.1.1.2–§4.1.1.4, RFC 1870 §3, RFC 6152 §3, RFC 6531 §3.4, RFC 3461 §4, RFC 6533 §3 (utf-8 ORCPT).
"""

import re

from ..envelope import Body
from .client_extensions import Extensions
from .client_transaction import Request
from .errors import LocalProtocolError

_UNICODE = re.compile(r"[^\x00-\x7f]")
_UTF8_ORCPT = "utf-8;"


def envelope_commands(request: Request, extensions: Extensions) -> list[bytes]:
    """MAIL, each RCPT, and DATA, each with its CRLF."""
    smtputf8 = request.smtputf8
    lines = [_mail(request, extensions)]
    if extensions.dsn:
        lines += [
            f"RCPT TO:<{each.address}>{_dsn(each.notify, each.orcpt, smtputf8=smtputf8)}\r\n"
            for each in request.recipients
        ]
    else:
        lines += [f"RCPT TO:<{each.address}>\r\n" for each in request.recipients]
    try:
        commands = [line.encode("utf-8" if smtputf8 else "ascii") for line in lines]
    except UnicodeEncodeError as error:
        raise LocalProtocolError("an address beyond ASCII without SMTPUTF8") from error
    _require_one_line_each(commands)
    commands.append(b"DATA\r\n")
    return commands


def _mail(request: Request, extensions: Extensions) -> str:
    line = f"MAIL FROM:<{request.reverse_path}>"
    if extensions.size:
        line += f" SIZE={request.size_bytes}"
    if extensions.eight_bit_mime and (request.eight_bit or request.body is Body.EIGHT_BIT):
        line += " BODY=8BITMIME"
    if request.smtputf8:
        line += " SMTPUTF8"
    if extensions.dsn and request.ret:
        line += f" RET={request.ret}"
    if extensions.dsn and request.envid:
        line += f" ENVID={request.envid}"
    return line + "\r\n"


def _dsn(notify: str, orcpt: str, *, smtputf8: bool) -> str:
    """As given, with case kept; a utf-8 address in the form that the transaction may carry."""
    words = f" NOTIFY={notify}" if notify else ""
    if not orcpt:
        return words
    if not smtputf8 and orcpt[: len(_UTF8_ORCPT)].lower() == _UTF8_ORCPT:
        orcpt = _UNICODE.sub(lambda found: f"\\x{{{ord(found[0]):X}}}", orcpt)
    return f"{words} ORCPT={orcpt}"


def _require_one_line_each(commands: list[bytes]) -> None:
    whole = b"".join(commands)
    lines = len(commands)
    honest = whole.count(b"\r\n") == whole.count(b"\n") == whole.count(b"\r") == lines
    if not honest or b"\0" in whole:
        raise LocalProtocolError("an envelope with CR, LF or NUL")
