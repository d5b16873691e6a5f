"""`youtong stream`: one text for many recipients.

Owns   the group and its verbs that look or steer: list, show, pause, resume, stop. stream_making has create and revise,
       stream_enqueueing enqueue.
Knows  no rule (queue.streams.streams). Works whether or not the server runs.
"""

from pathlib import Path

import click

from ...queue.reading import reading
from ...queue.streams.stream_states import StreamEvent
from ..stream_control import Change
from ..texts import _
from .fates_output import fates_json
from .frame import config_option, json_option, loaded, teaching
from .output import print_json
from .queue_frame import account_names, asked, asker
from .stream_enqueueing import enqueue
from .stream_frame import conversing, fates_of, states_of, stream_argument, stream_of
from .stream_making import create, revise
from .stream_output import print_stream, print_streams, stream_json


@click.group(
    **teaching(
        _("Streams: one text for many recipients, with fields of their own."),
        _("A stream is made of a template, gets its recipients from files, and can be paused, given another text, "
          "and stopped while it runs. Personal mail goes first."),
        examples=(
            "youtong stream create spring --account news@example.com --from-file spring.eml",
            "youtong stream enqueue q0000c1s recipients.csv",
            "youtong stream pause q0000c1s --reason 'wrong price'",
        ),
    )
)  # fmt: skip
def stream() -> None:
    pass


for verb in (create, revise, enqueue):
    stream.add_command(verb)


@stream.command("list", **teaching(_("List streams, newest first."), examples=("youtong stream list",)))
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help=_("At most this many."))
@config_option
@json_option
def list_streams(limit: int, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)

    def read() -> None:
        with reading(config.server.data_dir) as reader:
            rows = reader.streams(limit)
        names = account_names(config)
        if as_json:
            print_json([stream_json(row, names) for row in rows])
        else:
            print_streams(rows, names)

    asked(read)


@stream.command(
    **teaching(
        _("Show one stream, its texts, and what became of its recipients."),
        examples=("youtong stream show q0000c1s",),
    )
)
@stream_argument
@config_option
@json_option
def show(number: int, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    row, revisions = stream_of(config, number)
    names, states, fates = account_names(config), states_of(config, number), fates_of(config, row)
    if as_json:
        print_json({**stream_json(row, names, revisions, states), "fates": fates_json(fates)})
    else:
        print_stream(row, names, revisions, states, fates)


@stream.command(
    **teaching(
        _("Let nothing more of a stream leave, until it is resumed."),
        _("When this returns, none of its messages is begun any more; a delivery that is under way is finished."),
        examples=("youtong stream pause q0000c1s --reason 'wrong price'",),
    )
)
@stream_argument
@click.option("--reason", metavar="TEXT", default="", help=_("Kept and shown."))
@config_option
def pause(number: int, reason: str, config_file: Path) -> None:
    _change(config_file, number, StreamEvent.PAUSE, reason)
    click.echo(_("The stream is paused."))


@stream.command(**teaching(_("Let a paused stream go on."), examples=("youtong stream resume q0000c1s",)))
@stream_argument
@config_option
def resume(number: int, config_file: Path) -> None:
    _change(config_file, number, StreamEvent.RESUME, "")
    click.echo(_("The stream goes on."))


@stream.command(
    **teaching(
        _("Stop a stream for good."),
        _("Its waiting recipients are cancelled, and no more can be added. This cannot be undone; “pause” can."),
        examples=("youtong stream stop q0000c1s --reason 'wrong audience'",),
    )
)
@stream_argument
@click.option("--reason", metavar="TEXT", default="", help=_("Kept and shown."))
@config_option
def stop(number: int, reason: str, config_file: Path) -> None:
    _change(config_file, number, StreamEvent.STOP, reason)
    click.echo(_("The stream is stopped; what waits of it is being cancelled."))


def _change(config_file: Path, number: int, event: StreamEvent, reason: str) -> None:
    with conversing(loaded(config_file)) as ask:
        ask(Change(number, event, reason, asker()))
