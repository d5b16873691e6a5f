"""The commands of a transaction as octets, and what forbids a transaction before it begins.

Owns   MAIL and RCPT with the parameters that the peer understands.
Refuses to write a command with CR, LF or an unannounced character: LocalProtocolError, nothing is written.
RFC 5321 §4.1.1.2–§4.1.1.4, RFC 1870 §3, RFC 6152 §3, RFC 6531 §3.4, RFC 3461 §4.
"""

from ..envelope import Body
from ..outcome import Failed, Peer, Scope, Stage
from .client_extensions import Extensions
from .client_transaction import Request
from .errors import LocalProtocolError


def envelope_commands(request: Request, extensions: Extensions) -> list[bytes]:
    """MAIL, each RCPT, and DATA, each with its CRLF."""
    charset = "utf-8" if request.smtputf8 else "ascii"
    lines = [_mail(request, extensions)]
    lines += [
        _rcpt(recipient.address, recipient.notify, recipient.orcpt, extensions) for recipient in request.recipients
    ]
    try:
        commands = [line.encode(charset) for line in lines]
    except UnicodeEncodeError as error:
        raise LocalProtocolError("an address beyond ASCII without SMTPUTF8") from error
    if not all(_is_one_line(command) for command in commands):
        raise LocalProtocolError("an envelope with CR, LF or NUL")
    return [*commands, b"DATA\r\n"]


def objection(request: Request, extensions: Extensions, peer: Peer) -> Failed | None:
    """Why this peer can never take this request, if so. `why` begins with the enhanced status code."""
    if request.smtputf8 and not extensions.smtputf8:
        return _failed("5.6.7 the address or header needs SMTPUTF8", peer)
    if request.eight_bit and not extensions.eight_bit_mime:
        return _failed("5.6.3 the content has 8-bit octets, which need 8BITMIME", peer)
    if 0 < extensions.max_size_bytes < request.size_bytes:
        return _failed(f"5.3.4 the message is larger than the {extensions.max_size_bytes} octets allowed", peer)
    return None


def _failed(reason: str, peer: Peer) -> Failed:
    return Failed(Stage.MAIL, Scope.MESSAGE, None, f"{reason} by {peer.host} [{peer.address}]", peer)


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


def _rcpt(address: str, notify: str, orcpt: str, extensions: Extensions) -> str:
    line = f"RCPT TO:<{address}>"
    if extensions.dsn and notify:
        line += f" NOTIFY={notify}"
    if extensions.dsn and orcpt:
        line += f" ORCPT={orcpt}"
    return line + "\r\n"


def _is_one_line(command: bytes) -> bool:
    return command.count(b"\r") == 1 and command.count(b"\n") == 1 and b"\0" not in command
