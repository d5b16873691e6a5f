"""`youtong queue flush|hold|release|cancel`: acting on waiting letters.

Owns   these verbs, and what they say about what was done.
Knows  no transition: admin.operating does it, through the running server or without one.
"""

import sys
from pathlib import Path

import click

from ...queue.operators.operations import Operated
from ...queue.operators.operator_reading import operator_reading
from ...queue.operators.orders import Order
from ...queue.operators.selections import Selection
from ..config import Config
from ..texts import _, ngettext
from .frame import config_option, json_option, loaded, teaching
from .output import print_json
from .queue_choosing import Chosen, choosing, selecting
from .queue_frame import asked
from .queue_ordering import carried_out, json_of, undo_hint, who_option

MANY = 100  # recipients; who cancels more is asked first


@click.command(
    **teaching(
        _("Try what waits at once."),
        _("Makes waiting messages due now, tries receivers that did not answer again, and forgets DNS look-ups that "
          "failed. Without a choice: all of them. The receivers' limits are still kept; held messages stay held."),
        examples=("youtong queue flush", "youtong queue flush --domain example.org"),
    )
)  # fmt: skip
@selecting
@who_option
@config_option
@json_option
def flush(chosen: Chosen, who: str, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    done = carried_out(config, Order("flush", chosen.selection(config), who=who))
    if as_json:
        print_json(json_of(done))
        return
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
        _("Stop messages from being sent, until they are released."),
        _("A message that is being delivered right now is held as soon as that attempt ends without a delivery. Mail "
          "that comes later is not held; to stop a provider, a domain or an account, see: youtong queue suspend."),
        examples=("youtong queue hold q0000c1s --reason 'wrong attachment'", "youtong queue hold --domain example.org"),
    )
)  # fmt: skip
@choosing
@who_option
@config_option
@json_option
def hold(chosen: Chosen, reason: str, who: str, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    done = carried_out(config, Order("hold", chosen.selection(config), reason, who))
    if as_json:
        print_json(json_of(done))
        return
    say_held(done)


def say_held(done: Operated) -> None:
    """How many are held, and how many will be."""
    n = done.changed
    click.echo(ngettext("{n} recipient is held.", "{n} recipients are held.", n).format(n=n) + undo_hint(done))
    _say_busy("hold", done.busy)


@click.command(
    **teaching(
        _("Release held messages."),
        _("They are due at once."),
        examples=("youtong queue release q0000c1s", "youtong queue release --all"),
    )
)  # fmt: skip
@choosing
@who_option
@config_option
@json_option
def release(chosen: Chosen, reason: str, who: str, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    done = carried_out(config, Order("release", chosen.selection(config), reason, who))
    n = done.changed
    if as_json:
        print_json(json_of(done))
    elif n:
        sentence = ngettext("{n} recipient is released.", "{n} recipients are released.", n)
        click.echo(sentence.format(n=n) + undo_hint(done))
    else:
        click.echo(_("Nothing was released: no such message is held."))


@click.command(
    **teaching(
        _("Cancel messages for good."),
        _("They are not sent, and nobody is notified. This cannot be undone; “hold” can. A message that is being "
          "delivered right now is cancelled as soon as that attempt ends without a delivery."),
        examples=("youtong queue cancel q0000c1s --reason 'sent twice'", "youtong queue cancel --domain example.org"),
    )
)  # fmt: skip
@choosing
@click.option("--yes", is_flag=True, help=_("Do not ask, however many they are."))
@who_option
@config_option
@json_option
def cancel(chosen: Chosen, reason: str, yes: bool, who: str, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    selection = chosen.selection(config)
    if not yes:
        _ask_when_many(config, selection)
    done = carried_out(config, Order("cancel", selection, reason, who))
    if as_json:
        print_json(json_of(done))
        return
    n = done.changed
    click.echo(ngettext("{n} recipient is cancelled.", "{n} recipients are cancelled.", n).format(n=n))
    _say_busy("cancel", done.busy)


def _ask_when_many(config: Config, selection: Selection) -> None:
    """A cancel has no way back: whoever gives up many letters says so twice."""
    with_many = asked(lambda: _are_many(config, selection))
    if not with_many:
        return
    warning = _("More than {n} recipients would be given up for good; this cannot be undone. What can be: "
                "youtong queue hold").format(n=MANY)  # fmt: skip
    if not sys.stdin.isatty():
        raise click.ClickException(_("{warning}. Say --yes to cancel them.").format(warning=warning))
    click.echo(warning, err=True)
    click.confirm(_("Cancel them?"), abort=True, err=True)


def _are_many(config: Config, selection: Selection) -> bool:
    with operator_reading(config.server.data_dir) as reader:
        return reader.are_more_than(MANY, "cancel", selection)


def _say_busy(operation: str, n: int) -> None:
    """For those that cannot be stopped this moment."""
    if not n:
        return
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
    click.echo(sentence.format(n=n), err=True)
