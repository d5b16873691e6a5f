"""Templates of streams: a letter in a file, as text editors and mail programs write it.

Owns   reading it, and asking whether the account may send it.
Knows  no rule (policy.senders, queue.contents.template_head).
"""

from pathlib import Path

import click

from ...mta.message.trace import split_content
from ...policy.senders import Barred, Sendable, refuse_head, refuse_reverse_path
from ..accounts import AccountRegister
from ..accounts.account import Account, Credential
from ..accounts.directory import Snapshot
from ..config import Config
from ..texts import _
from .account_frame import with_register


def read_template(file: Path) -> tuple[bytes, bytes]:
    """Head with its blank line, and body; lines end with CRLF then."""
    try:
        octets = file.read_bytes()
    except OSError as error:
        raise click.ClickException(_("{file} cannot be read: {why}").format(file=file, why=error.strerror)) from error
    text = octets.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(_("{file} is no UTF-8 text.").format(file=file)) from error
    return split_content(text)


def check_sender(config: Config, account_id: int, head: bytes, reverse_path: str) -> None:
    """The account may use From and reverse-path, or the verb ends with the sentence that a mail client would get."""
    accounts: tuple[list[Account], list[Credential]] = with_register(config, AccountRegister.everything)
    sendable = Snapshot(*accounts).sendable(account_id, 0)
    if isinstance(sendable, Barred):
        raise click.ClickException(_("The account is disabled."))
    _refuse(head, reverse_path, sendable)


def _refuse(head: bytes, reverse_path: str, sendable: Sendable) -> None:
    refused = refuse_reverse_path(reverse_path, sendable) or refuse_head(head, sendable)
    if refused is not None:
        raise click.ClickException(_("Refused: {reply}").format(reply=str(refused.reply)))
