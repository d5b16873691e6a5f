"""What the verbs over suppressions share: the way to the book, whose tree is meant, and an address or pattern as typed.

Owns   the parameters, and app.db for one question.
Knows  no verb and no rule.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
import msgspec

from ...mta.address import split_address
from ...policy.suppression import INSTALLATION, Reason, same_mailbox
from ...policy.suppression_patterns import is_pattern, read_pattern
from ..config import Config
from ..store import AppDatabase, StoreError
from ..suppression import book
from ..texts import _
from .account_frame import NameParam
from .queue_frame import account_number

Found = TypeVar("Found")


class Meant(msgspec.Struct, frozen=True):
    """An address or a pattern in its one form, or the number of an entry."""

    text: str
    is_pattern: bool = False
    number: int = 0


class MeantParam(click.ParamType[Meant]):
    """An address, or a pattern of addresses."""

    name = "address"

    def convert(self, value: str | Meant, param: click.Parameter | None, ctx: click.Context | None) -> Meant:
        if isinstance(value, Meant):
            return value
        try:
            return read_meant(value)
        except ValueError as error:
            self.fail(_("“{value}” cannot be suppressed: {why}").format(value=value, why=error), param, ctx)


class MeantOrNumberParam(MeantParam):
    """… or the number of an entry."""

    def convert(self, value: str | Meant, param: click.Parameter | None, ctx: click.Context | None) -> Meant:
        digits = value.removeprefix("#") if isinstance(value, str) else ""
        return Meant("", number=int(digits)) if digits.isdecimal() else super().convert(value, param, ctx)


def read_meant(text: str) -> Meant:
    """Raises ValueError (AddressError, BadPattern), whose str() is one sentence."""
    text = text.strip()
    if is_pattern(text):
        return Meant(str(read_pattern(text)), is_pattern=True)
    split_address(text, smtputf8=True)
    return Meant(same_mailbox(text))


account_option = click.option(
    "--account",
    type=NameParam(),
    metavar="NAME",
    default=None,
    help=_("Of this account: the master's whole tree. Without it, of the whole installation."),
)
reason_choice = click.Choice([each.value for each in Reason])


def with_app(config: Config, ask: Callable[[AppDatabase], Awaitable[Found]]) -> Found:
    """Ask app.db; what goes wrong ends the verb with its sentence."""

    async def asked() -> Found:
        database = await AppDatabase.open(config.server.data_dir / "app.db")
        try:
            return await ask(database)
        finally:
            await database.close()

    try:
        return asyncio.run(asked())
    except StoreError as error:
        raise click.ClickException(
            _("The suppressions cannot be read or changed: {error}").format(error=error)
        ) from error


def tree_of(config: Config, account: str | None) -> int:
    """The number of the tree that is meant; an unknown name ends the verb."""
    if account is None:
        return INSTALLATION
    number = account_number(config, account)

    async def master(app: AppDatabase) -> int:
        async with app.reading() as transaction:
            return await book.tree_of(transaction, number)

    return with_app(config, master)
