"""How an order of the command line reaches the queue, and what all verbs say about what was done.

Owns   `--who`, the way to the owner (or to being it), refusals as sentences, and the JSON of what was done.
Knows  no verb.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any, TypeVar, assert_never

import click

from ...queue.incarnation import DataDirInUse
from ...queue.operators.operations import Operated
from ...queue.operators.operator_reading import operator_reading
from ...queue.operators.orders import Order, Refusal
from ..config import Config
from ..operating import operate
from ..texts import _
from .frame import clock
from .queue_frame import asked, asker

Verb = TypeVar("Verb", bound=Callable[..., Any])


def who_option(verb: Verb) -> Verb:
    """`--who NAME`, passed on as `who`: the login name when it is not given."""
    return click.option(
        "--who",
        metavar="NAME",
        default=asker,
        show_default=_("your login name"),
        help=_("Who asks; kept in the journal and shown."),
    )(verb)


def carried_out(config: Config, order: Order) -> Operated:
    """What was done. A refusal, and whatever goes wrong, ends the verb with a sentence."""
    try:
        done = asked(lambda: _carried_out(config, order))
    except DataDirInUse as error:
        raise click.ClickException(_("The server is starting or stopping: try again in a moment.")) from error
    if done.refused:
        raise click.ClickException(_refusal_words(Refusal(done.refused), done.operation or order.number))
    return done


def _carried_out(config: Config, order: Order) -> Operated:
    with operator_reading(config.server.data_dir):  # refuses where there never was a queue, instead of making one
        pass
    return asyncio.run(operate(config.server.data_dir, order, clock))


def undo_hint(done: Operated) -> str:
    """How what was just done can be taken back; a program is not told."""
    if not (done.operation and (done.changed or done.busy) and sys.stdout.isatty()):
        return ""
    return " " + _("(To undo it: {command})").format(command=f"youtong queue undo {done.operation}")


def json_of(done: Operated) -> dict[str, object]:
    """For programs."""
    return {
        "operation": done.operation,
        "changed": done.changed,
        "being_delivered": done.busy,
        "rests_ended": done.rests,
        "look_ups_forgotten": done.look_ups,
        "suspensions": list(done.suspensions),
    }


def _refusal_words(refusal: Refusal, number: int) -> str:
    match refusal:
        case Refusal.NO_SCOPE:
            return _("Say exactly one of --provider, --site, --domain, --account and --stream.")
        case Refusal.NOT_IN_FORCE:
            return _("Nothing of that is suspended. What is: youtong queue suspensions")
        case Refusal.UNKNOWN:
            return _("There is no operation {n}. See: youtong queue operations").format(n=number)
        case Refusal.NOTHING_DONE:
            return _("There is nothing to undo.")
        case Refusal.UNDONE:
            return _("Operation {n} was undone already.").format(n=number)
        case Refusal.FINAL:
            return _("Operation {n} cancelled messages: they cannot be brought back.").format(n=number)
        case Refusal.NO_TRACE:
            return _("Operation {n} made messages due: there is nothing to undo.").format(n=number)
        case Refusal.AN_UNDO:
            return _("Operation {n} undid another one: give that order again instead.").format(n=number)
        case _:
            assert_never(refusal)
