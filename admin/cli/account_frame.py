"""What the verbs over accounts share: reading names, domains and passwords, and asking the register.

Owns   the parameters, and the way to app.db for one question.
Knows  no verb and no rule: a refusal of the register is shown as its sentence.
"""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import click

from ...mta.address import AddressError, normalise_domain
from .. import control
from ..accounts import AccountError, AccountRegister, account_name
from ..accounts.secrets import MIN_CHOSEN_LENGTH
from ..config import Config
from ..control import NotRunning, Refused
from ..returns import fate_reading
from ..returns.fate_reading import Fates
from ..store import AppDatabase, StoreError
from ..texts import _
from .frame import clock

Found = TypeVar("Found")
_CLASSES = click.Choice(["people", "transactional"])


class NameParam(click.ParamType[str]):
    """An account's name in its one form."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return account_name(value)
        except AddressError:
            self.fail(_("“{value}” is no account name: it is an e-mail address.").format(value=value), param, ctx)


class DomainParam(click.ParamType[str]):
    name = "domain"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return normalise_domain(value)
        except AddressError:
            self.fail(_("“{value}” is no domain name.").format(value=value), param, ctx)


name_argument = click.argument("name", type=NameParam(), metavar="NAME")
domain_argument = click.argument("domain_name", type=DomainParam(), metavar="DOMAIN")
class_option = click.option(
    "--class",
    "mail_class",
    type=_CLASSES,
    default="people",
    show_default=True,
    help=_("What kind of mail this secret sends: a person's, or a program's (orders, passwords, notices)."),
)
password_option = click.option(
    "--password-stdin", is_flag=True, help=_("Read the password from standard input, instead of asking for it.")
)


def with_register(config: Config, ask: Callable[[AccountRegister], Awaitable[Found]]) -> Found:
    """Ask the register of this configuration's app.db; a refusal ends the verb with its sentence."""

    async def asked() -> Found:
        database = await AppDatabase.open(config.server.data_dir / "app.db")
        try:
            return await ask(AccountRegister(database, clock))
        finally:
            await database.close()

    try:
        return asyncio.run(asked())
    except AccountError as error:
        raise click.ClickException(str(error)) from error
    except StoreError as error:
        raise click.ClickException(_("The accounts cannot be read or changed: {error}").format(error=error)) from error


def changing(config: Config, change: Callable[[AccountRegister], Awaitable[Found]]) -> Found:
    """As `with_register`, for what changes accounts: when this returns, a running server acts on it."""
    done = with_register(config, change)
    with contextlib.suppress(NotRunning, Refused):  # without a server, the next one reads it
        control.ask(config.server.data_dir, "owner", {"verb": "accounts"})
    return done


def read_password(from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = click.prompt(_("Password"), hide_input=True, confirmation_prompt=_("The same again"), err=True)
    else:
        raise click.UsageError(_("Nobody can be asked for a password here: use --password-stdin."))
    if len(password) < MIN_CHOSEN_LENGTH:
        raise click.ClickException(_("A password needs at least {n} characters.").format(n=MIN_CHOSEN_LENGTH))
    return password


def recent_fates(config: Config, account_id: int) -> Fates:
    """What its recipients of the last 30 days count as."""
    first = datetime.fromtimestamp(clock.now_ms() / 1000, UTC).date() - timedelta(days=29)
    try:
        return fate_reading.of_account(config.server.data_dir / "app.db", account_id, first.isoformat())
    except StoreError as error:
        raise click.ClickException(_("The counters cannot be read: {error}").format(error=error)) from error
