"""`youtong queue flush|hold|release|cancel`: acting on waiting letters.

Owns   these verbs, and how somebody says which letters are meant.
Knows  no transition: admin.operating does it, through the running server or without one.
"""

import asyncio
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
import msgspec

from ...queue.incarnation import DataDirInUse
from ...queue.operations import Operated
from ...queue.orders import Order
from ...queue.reading import reading
from ...queue.selections import Selection
from ..config import Config
from ..operating import operate
from ..texts import _, ngettext
from .account_frame import DomainParam, NameParam
from .frame import clock, config_option, loaded, teaching
from .queue_frame import AddressParam, QueueIdParam, account_number, asked, asker

Verb = Callable[..., None]


class Chosen(msgspec.Struct, frozen=True):
    """Which letters are meant, as it was typed; all that was given must hold."""

    number: int | None = None
    address: str = ""
    domain: str = ""
    account: str = ""

    @property
    def is_empty(self) -> bool:
        return self == Chosen()

    def selection(self, config: Config) -> Selection:
        account_id = account_number(config, self.account) if self.account else 0
        return Selection(self.number or 0, self.address, self.domain, account_id)


def selecting(verb: Verb) -> Verb:
    """The ways to say which letters are meant, passed on as `chosen`."""

    @wraps(verb)
    def wrapped(
        number: int | None, address: str | None, domain: str | None, account: str | None, **others: Any
    ) -> None:
        verb(chosen=Chosen(number, address or "", domain or "", account or ""), **others)

    options = (
        click.option("--account", type=NameParam(), metavar="NAME", default=None, help=_("Letters of this account.")),
        click.option("--domain", type=DomainParam(), metavar="DOMAIN", default=None, help=_("Letters to this domain.")),
        click.option(
            "--recipient",
            "address",
            type=AddressParam(),
            metavar="ADDRESS",
            default=None,
            help=_("Letters to this address."),
        ),
        click.argument("number", type=QueueIdParam(), metavar="[QUEUE_ID]", required=False),
    )
    for option in options:
        wrapped = option(wrapped)
    return wrapped


def choosing(verb: Verb) -> Verb:
    """As `selecting`, where somebody must choose; with --all, and --reason passed on as `reason`."""

    @wraps(verb)
    def wrapped(chosen: Chosen, everything: bool, **others: Any) -> None:
        if chosen.is_empty != everything:
            raise click.UsageError(_("Say which letters: a queue id, --recipient, --domain, --account, or --all."))
        verb(chosen=chosen, **others)

    wrapped = click.option("--reason", metavar="TEXT", default="", help=_("Kept in the journal and shown."))(wrapped)
    wrapped = click.option("--all", "everything", is_flag=True, help=_("All that waits."))(wrapped)
    return selecting(wrapped)


@click.command(
    **teaching(
        _("Try what waits at once."),
        _("Makes waiting letters due now, ends the rest of receivers that did not answer, and forgets look-ups that "
          "failed. Without a choice: all of them. Limits of receivers are still kept; held letters stay held."),
        examples=("youtong queue flush", "youtong queue flush --domain example.org"),
    )
)  # fmt: skip
@selecting
@config_option
def flush(chosen: Chosen, config_file: Path) -> None:
    done = _operate(loaded(config_file), "flush", chosen, "")
    if done.changed:
        n = done.changed
        click.echo(ngettext("{n} recipient is due now.", "{n} recipients are due now.", n).format(n=n))
    if done.rests:
        sentence = ngettext(
            "{n} receiver that did not answer is tried again at once.",
            "{n} receivers that did not answer are tried again at once.",
            done.rests,
        )
        click.echo(sentence.format(n=done.rests))
    if done.look_ups:
        click.echo(_("Names that could not be looked up are asked for again."))
    if not (done.changed or done.rests or done.look_ups):
        click.echo(_("Nothing had to be made due: whatever waits is due already, or held."))


@click.command(
    **teaching(
        _("Stop letters from being sent, until they are released."),
        _("A letter that is being delivered this moment is held as soon as that ends without a delivery."),
        examples=("youtong queue hold q0000c1s --reason 'wrong attachment'", "youtong queue hold --domain example.org"),
    )
)  # fmt: skip
@choosing
@config_option
def hold(chosen: Chosen, reason: str, config_file: Path) -> None:
    n = _operate(loaded(config_file), "hold", chosen, reason).changed
    click.echo(ngettext("{n} recipient is held.", "{n} recipients are held.", n).format(n=n))


@click.command(
    **teaching(
        _("Let held letters go."),
        _("They are due at once."),
        examples=("youtong queue release q0000c1s", "youtong queue release --all"),
    )
)  # fmt: skip
@choosing
@config_option
def release(chosen: Chosen, reason: str, config_file: Path) -> None:
    n = _operate(loaded(config_file), "release", chosen, reason).changed
    if not n:
        click.echo(_("Nothing was released: no such letter is held."))
        return
    click.echo(ngettext("{n} recipient is released.", "{n} recipients are released.", n).format(n=n))


@click.command(
    **teaching(
        _("Give letters up for good."),
        _("They are not sent, and nobody is told. This cannot be undone; “hold” can. A letter that is being delivered "
          "this moment is cancelled as soon as that ends without a delivery."),
        examples=("youtong queue cancel q0000c1s --reason 'sent twice'", "youtong queue cancel --domain example.org"),
    )
)  # fmt: skip
@choosing
@config_option
def cancel(chosen: Chosen, reason: str, config_file: Path) -> None:
    n = _operate(loaded(config_file), "cancel", chosen, reason).changed
    click.echo(ngettext("{n} recipient is cancelled.", "{n} recipients are cancelled.", n).format(n=n))


def _operate(config: Config, operation: str, chosen: Chosen, reason: str) -> Operated:
    """What was done; those under way are told on stderr."""
    order = Order(operation, chosen.selection(config), reason, asker())
    try:
        done = asked(lambda: _operated(config, order))
    except DataDirInUse as error:
        raise click.ClickException(_("The server is starting or stopping: try again in a moment.")) from error
    if done.busy:
        click.echo(_kept(operation, done.busy), err=True)
    return done


def _kept(operation: str, n: int) -> str:
    """For those that cannot be stopped this moment."""
    if operation == "hold":
        sentence = ngettext(
            "{n} is being delivered this moment: it is held as soon as that ends without a delivery.",
            "{n} are being delivered this moment: they are held as soon as that ends without a delivery.",
            n,
        )
    else:
        sentence = ngettext(
            "{n} is being delivered this moment: it is cancelled as soon as that ends without a delivery.",
            "{n} are being delivered this moment: they are cancelled as soon as that ends without a delivery.",
            n,
        )
    return sentence.format(n=n)


def _operated(config: Config, order: Order) -> Operated:
    with reading(config.server.data_dir):  # refuses where there never was a queue, instead of making one
        pass
    return asyncio.run(operate(config.server.data_dir, order, clock))
