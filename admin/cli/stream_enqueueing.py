"""`youtong stream enqueue`: recipients from a file.

Owns   the verb: chunks, progress, and rows that are refused with their lines.
Knows  no file format (stream_rows).
"""

import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click
import msgspec

from ...queue.streams.enqueueing import StreamRecipient
from ..stream_control import Enqueue
from ..streaming import Ask
from ..texts import _, ngettext
from .frame import config_option, json_option, loaded, teaching
from .output import print_json
from .stream_frame import conversing, stream_argument
from .stream_rows import Row, UnreadableFile, recipients_in

CHUNK = 2000
_MAX_SHOWN = 20
_STDIN = Path("-")


class Enqueued(msgspec.Struct):
    """What became of the rows."""

    read: int = 0
    new: int = 0
    refused: int = 0


@click.command(
    **teaching(
        _("Give a stream its recipients."),
        _("FILE is CSV whose first line names the columns, or one JSON object a line; - is standard input. The columns "
          "are key, address, and fields for the template; without a key the address is the key. A key that the "
          "stream has is not taken twice: after an interruption give the same file again. Rows that cannot be taken "
          "are told with their lines, and the others are taken. Ascending keys are the fastest."),
        examples=("youtong stream enqueue q0000c1s recipients.csv", "… | youtong stream enqueue q0000c1s -"),
    )
)  # fmt: skip
@stream_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@config_option
@json_option
def enqueue(number: int, file: Path, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    done = Enqueued()
    try:
        with _opened(file) as lines, conversing(config) as ask:
            _enqueue(ask, number, recipients_in(lines), done)
    except UnreadableFile as error:
        raise click.ClickException(str(error)) from error
    except UnicodeDecodeError as error:
        raise click.ClickException(_("{file} is no UTF-8 text.").format(file=file)) from error
    if as_json:
        print_json(done)
    else:
        click.echo(ngettext("{n} recipient is new.", "{n} recipients are new.", done.new).format(n=done.new))
        known = done.read - done.new - done.refused
        if known:
            click.echo(ngettext("{n} was known already.", "{n} were known already.", known).format(n=known))
    if done.refused:
        n = done.refused
        raise click.ClickException(ngettext("{n} row was refused.", "{n} rows were refused.", n).format(n=n))


@contextmanager
def _opened(file: Path) -> Generator[TextIO]:
    if file == _STDIN:
        yield sys.stdin
        return
    try:
        opened = file.open(encoding="utf-8", newline="")
    except OSError as error:
        raise click.ClickException(_("{file} cannot be read: {why}").format(file=file, why=error.strerror)) from error
    with opened:
        yield opened


def _enqueue(ask: Ask, number: int, rows: Iterable[Row], done: Enqueued) -> None:
    chunk: list[StreamRecipient] = []
    for line, row in rows:
        done.read += 1
        if isinstance(row, str):
            _refuse(line, row, done)
            continue
        chunk.append(row)
        if len(chunk) == CHUNK:
            _hand_over(ask, number, chunk, done)
            chunk = []
    if chunk:
        _hand_over(ask, number, chunk, done)
    if sys.stderr.isatty():
        click.echo(err=True)


def _hand_over(ask: Ask, number: int, chunk: list[StreamRecipient], done: Enqueued) -> None:
    answer = ask(Enqueue(number, chunk))
    if "why" in answer:  # the rows were checked here by the same rule
        raise click.ClickException(str(answer["why"]))
    done.new += answer["added"]
    if sys.stderr.isatty():
        click.echo("\r" + _("{read} read, {new} new").format(read=done.read, new=done.new), err=True, nl=False)


def _refuse(line: int, why: str, done: Enqueued) -> None:
    done.refused += 1
    if done.refused <= _MAX_SHOWN:
        click.echo(_("line {line}: {why}").format(line=line, why=why), err=True)
