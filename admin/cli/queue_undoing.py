"""`youtong queue undo|operations`: taking an operation back, and looking at what was done.

Owns   these verbs.
Knows  nothing of what can be undone (queue.operators.undoing).
"""

from pathlib import Path

import click

from ...queue.operators.operator_reading import operator_reading
from ...queue.operators.orders import Order
from ...queue.operators.selections import Selection
from ...queue.storage.operation_rows import OperationRow
from ..config import Config
from ..texts import _, ngettext
from .frame import clock, config_option, json_option, loaded, teaching
from .output import print_json
from .queue_frame import account_names, asked
from .queue_ordering import carried_out, json_of, who_option
from .suspension_output import operation_json, print_operations


@click.command(
    **teaching(
        _("Undo an operation: the newest, or the one with this number."),
        _("After a hold, the messages that it held and that nobody held or released since go again; after a release, "
          "those that still wait are held again; what was suspended is resumed, and what was resumed is suspended "
          "again until its time. Cancelled messages cannot be brought back."),
        examples=("youtong queue undo", "youtong queue undo 12", "youtong queue operations"),
    )
)  # fmt: skip
@click.argument("operation", type=click.IntRange(1), metavar="[NUMBER]", required=False)
@click.option("--reason", metavar="TEXT", default="", help=_("Kept in the journal and shown."))
@who_option
@config_option
@json_option
def undo(operation: int | None, reason: str, who: str, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    done = carried_out(config, Order("undo", Selection(), reason, who, number=operation or 0))
    if as_json:
        print_json(json_of(done))
        return
    undone = _operation(config, _operation(config, done.operation).undoes)
    click.echo(_undone_words(undone.verb, done.changed).format(n=undone.id, count=f"{done.changed:,}"))


def _undone_words(verb: str, n: int) -> str:
    return {
        "suspend": ngettext(
            "Operation {n} is undone: {count} suspension is ended.",
            "Operation {n} is undone: {count} suspensions are ended.",
            n,
        ),
        "resume": ngettext(
            "Operation {n} is undone: {count} suspension is in force again.",
            "Operation {n} is undone: {count} suspensions are in force again.",
            n,
        ),
        "hold": ngettext(
            "Operation {n} is undone: {count} recipient is released.",
            "Operation {n} is undone: {count} recipients are released.",
            n,
        ),
        "release": ngettext(
            "Operation {n} is undone: {count} recipient is held again.",
            "Operation {n} is undone: {count} recipients are held again.",
            n,
        ),
    }[verb]


def _operation(config: Config, number: int) -> OperationRow:
    def read() -> OperationRow | None:
        with operator_reading(config.server.data_dir) as reader:
            return reader.operation(number)

    row = asked(read)
    assert row is not None, "it was undone this moment"
    return row


@click.command(
    **teaching(
        _("List what was done to the queue: when, by whom, and to how many."),
        examples=("youtong queue operations", "youtong queue operations --limit 5 --json"),
    )
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help=_("At most so many."))
@config_option
@json_option
def operations(limit: int, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    rows = _operations(config, limit + 1)
    if as_json:
        print_json([operation_json(row) for row in rows[:limit]])
    elif rows:
        print_operations(rows[:limit], account_names(config), clock.now_ms(), whole=len(rows) <= limit)
    else:
        click.echo(_("Nothing was done yet."))


def _operations(config: Config, limit: int) -> list[OperationRow]:
    def read() -> list[OperationRow]:
        with operator_reading(config.server.data_dir) as reader:
            return reader.operations(limit)

    return asked(read)
