"""`youtong queue`: what waits, and acting on it.

Owns   the group and its verbs that only look: list and show. Those that act are in queue_acting.
Knows  no SQL (queue.reading). Works whether or not the server runs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ...queue.ids import queue_id
from ...queue.reading import MessageRow, Wanted, reading
from ...queue.states import RecipientState
from ..config import Config
from ..explain import listing
from ..explain.listing import Listing
from ..texts import _
from .account_frame import DomainParam, NameParam
from .frame import clock, config_option, json_option, loaded, teaching
from .output import print_json
from .queue_acting import cancel, flush, hold, release
from .queue_frame import QueueIdParam, account_names, account_number, asked
from .queue_held import list_held
from .queue_inbound import inbound
from .queue_log import log
from .queue_output import listed_json, message_json, print_listed, print_message, print_recipients
from .queue_suspending import resume, suspend, suspensions
from .queue_undoing import operations, undo

Verb = TypeVar("Verb", bound=Callable[..., Any])


@click.group(
    **teaching(
        _("The queue: what waits, and acting on it."),
        _("Works while the server runs, and while it does not."),
        examples=("youtong queue list", "youtong queue flush", "youtong explain recipient bob@example.org"),
    )
)
def queue() -> None:
    pass


for verb in (flush, hold, release, cancel, suspend, resume, suspensions, undo, operations, inbound, log):
    queue.add_command(verb)


def limit_option(default: int) -> Callable[[Verb], Verb]:
    return click.option(
        "--limit",
        type=click.IntRange(1, 10_000),
        default=default,
        show_default=True,
        help=_("At most this many recipients, or lines of them."),
    )


@queue.command(
    "list",
    **teaching(
        _("List what waits."),
        _("Recipients that are being delivered come first, then held ones, then the others, by domain, those that "
          "are due first at the top. With --state also finished messages, newest first; with --held one line for "
          "each held message, and why."),
        examples=("youtong queue list --domain example.org", "youtong queue list --held"),
    ),
)  # fmt: skip
@click.option("--domain", type=DomainParam(), metavar="DOMAIN", default=None, help=_("Only this recipient domain."))
@click.option("--account", type=NameParam(), metavar="NAME", default=None, help=_("Only messages of this account."))
@click.option(
    "--state",
    type=click.Choice([each.name.lower() for each in RecipientState]),
    default=None,
    help=_("Only this state."),
)
@click.option("--held", is_flag=True, help=_("Held messages, with their account and the reason."))
@limit_option(50)
@config_option
@json_option
def list_recipients(
    domain: str, account: str, state: str | None, held: bool, limit: int, config_file: Path, as_json: bool
) -> None:
    if held and state not in (None, "held"):
        raise click.UsageError(_("--held and --state exclude each other."))
    config = loaded(config_file)
    wanted = Wanted(
        state=RecipientState[state.upper()] if state else None,
        domain=domain or "",
        account_id=account_number(config, account) if account else 0,
    )
    if held:
        list_held(config, wanted, limit, clock.now_ms(), as_json=as_json)
        return
    found = asked(lambda: _listed(config, wanted, limit + 1, apart=as_json))
    shown = found.lines[:limit]
    if as_json:
        names = account_names(config)
        print_json([listed_json(line, names) for line in shown])
    elif shown:
        print_listed(shown, found.around, whole=len(found.lines) <= limit and all(line.is_counted for line in shown))
    else:
        click.echo(_("Nothing waits.") if state is None else _("There is no such recipient."))


@queue.command(
    **teaching(
        _("Show one message: envelope, headers, and each recipient's state."),
        examples=("youtong queue show q0000c1s", "youtong explain message q0000c1s"),
    )
)
@click.argument("number", type=QueueIdParam(), metavar="QUEUE_ID")
@limit_option(100)
@config_option
@json_option
def show(number: int, limit: int, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    message, found = asked(lambda: _message_and_recipients(config, number, limit + 1))
    if message is None:
        raise click.ClickException(_("There is no message {queue_id}.").format(queue_id=queue_id(number)))
    names = account_names(config)
    account = names.get(message.account_id, "")
    if as_json:
        recipients = [listed_json(line, names) for line in found.lines[:limit]]
        print_json({**message_json(message, account), "recipients": recipients})
        return
    print_message(message, account, clock.now_ms())
    click.echo()
    print_recipients(found.lines[:limit], found.around, whole=len(found.lines) <= limit)


def _listed(config: Config, wanted: Wanted, limit: int, *, apart: bool) -> Listing:
    """`apart`: a line for each recipient, for programs."""
    with reading(config.server.data_dir) as reader:
        if apart:
            lines = listing.each(reader, reader.listed(wanted, limit))
        else:
            lines = listing.grouped(reader, wanted, limit)
    return listing.explained(config, lines, clock)


def _message_and_recipients(config: Config, number: int, limit: int) -> tuple[MessageRow | None, Listing]:
    with reading(config.server.data_dir) as reader:
        message, lines = reader.message(number), listing.each(reader, reader.of_message(number, limit))
    return message, listing.explained(config, lines, clock)
