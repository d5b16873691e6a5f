"""`youtong stream enqueue`: recipients from a file.

Owns   the verb: chunks, progress, and rows that are refused with their lines.
Knows  no file format (stream_rows).
"""

from collections.abc import Iterable
from pathlib import Path

import click

from ...queue.streams.enqueueing import StreamRecipient
from ..stream_control import Enqueue
from ..streaming import Ask
from ..texts import _, ngettext
from .frame import config_option, json_option, loaded, teaching
from .row_files import RowCounts, end_progress, opened, tell_progress, tell_rows
from .stream_frame import conversing, stream_argument
from .stream_rows import Row, UnreadableFile, recipients_in

CHUNK = 2000


@click.command(
    **teaching(
        _("Give a stream its recipients."),
        _("FILE is CSV whose first line names the columns, or one JSON object a line; - is standard input. The "
          "columns are key, address, and fields for the template; without a key the address is the key. A key that "
          "the stream already has is not added twice: after an interruption give the same file again. Rows that "
          "cannot be read are reported with their line numbers, and the others are added. Ascending keys are the "
          "fastest."),
        examples=("youtong stream enqueue q0000c1s recipients.csv", "… | youtong stream enqueue q0000c1s -"),
    )
)  # fmt: skip
@stream_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@config_option
@json_option
def enqueue(number: int, file: Path, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    done = RowCounts()
    try:
        with opened(file) as lines, conversing(config) as ask:
            _enqueue(ask, number, recipients_in(lines), done)
    except UnreadableFile as error:
        raise click.ClickException(str(error)) from error
    new = ngettext("{n} recipient is new.", "{n} recipients are new.", done.new)
    tell_rows(done, new, as_json=as_json)


def _enqueue(ask: Ask, number: int, rows: Iterable[Row], done: RowCounts) -> None:
    chunk: list[StreamRecipient] = []
    for line, row in rows:
        done.read += 1
        if isinstance(row, str):
            done.refuse(line, row)
            continue
        chunk.append(row)
        if len(chunk) == CHUNK:
            _hand_over(ask, number, chunk, done)
            chunk = []
    if chunk:
        _hand_over(ask, number, chunk, done)
    end_progress()


def _hand_over(ask: Ask, number: int, chunk: list[StreamRecipient], done: RowCounts) -> None:
    answer = ask(Enqueue(number, chunk))
    if "why" in answer:  # the rows were checked here by the same rule
        raise click.ClickException(str(answer["why"]))
    done.new += answer["added"]
    tell_progress(done)
