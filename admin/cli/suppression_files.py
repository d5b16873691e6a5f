"""`youtong suppression import|export`: many entries at once.

Owns   both verbs: progress, rows that are refused with their lines, and the columns of what is written.
Knows  no file format (admin.suppression.importing).
"""

import asyncio
import csv
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click
import msgspec

from ...policy.suppression import Reason
from ..store import AppDatabase
from ..suppression import book
from ..suppression.book import Chosen
from ..suppression.entry import Entry
from ..suppression.importing import CHUNK, Frame, entries_in, write_chunk
from ..texts import _, ngettext
from .frame import clock, config_option, json_option, loaded, teaching
from .output import print_json
from .queue_frame import account_names, asker
from .suppression_frame import account_option, reason_choice, tree_of, with_app

_MAX_SHOWN = 20
_STDIN = Path("-")
_PAGE = 5000


class Imported(msgspec.Struct):
    """What became of the rows."""

    read: int = 0
    new: int = 0
    refused: int = 0


@click.command(
    "import",
    **teaching(
        _("Suppress every address of a file."),
        _("FILE is CSV whose first line names the columns (address, and if you like reason and note), one JSON object "
          "a line, or a plain list of addresses; - is standard input. Patterns need a star or begin with “@”. An "
          "import only adds: nobody is written to again because of it. Rows that cannot be taken are told with their "
          "lines, and the others are taken."),
        examples=("youtong suppression import unsubscribed.csv --account shop@example.net --reason unsubscribe",),
    ),
)  # fmt: skip
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@account_option
@click.option("--reason", type=reason_choice, default=Reason.MANUAL.value, show_default=True, help=_("Why."))
@click.option("--who", metavar="NAME", default=asker, help=_("Who did it; the login name otherwise."))
@config_option
@json_option
def import_(file: Path, account: str | None, reason: str, who: str, config_file: Path, as_json: bool) -> None:
    config, done = loaded(config_file), Imported()
    frame = Frame(tree_of(config, account), Reason(reason), who, clock.now_ms())
    try:
        with _opened(file) as lines:
            with_app(config, lambda app: _import(app, lines, frame, done))
    except UnicodeDecodeError as error:
        raise click.ClickException(_("{file} is no UTF-8 text.").format(file=file)) from error
    _tell(done, as_json)


def _tell(done: Imported, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        click.echo(ngettext("{n} entry is new.", "{n} entries are new.", done.new).format(n=done.new))
        known = done.read - done.new - done.refused
        if known:
            click.echo(ngettext("{n} was known already.", "{n} were known already.", known).format(n=known))
    if done.refused:
        n = done.refused
        raise click.ClickException(ngettext("{n} row was refused.", "{n} rows were refused.", n).format(n=n))


async def _import(app: AppDatabase, lines: TextIO, frame: Frame, done: Imported) -> None:
    chunk: list[Entry] = []
    for number, row in entries_in(lines, frame):
        done.read += 1
        if isinstance(row, str):
            done.refused += 1
            if done.refused <= _MAX_SHOWN:
                click.echo(_("line {line}: {why}").format(line=number, why=row), err=True)
            continue
        chunk.append(row)
        if len(chunk) == CHUNK:
            await _hand_over(app, chunk, done)
            chunk = []
    await _hand_over(app, chunk, done)
    if sys.stderr.isatty():
        click.echo(err=True)


async def _hand_over(app: AppDatabase, chunk: list[Entry], done: Imported) -> None:
    done.new += await write_chunk(app, chunk)
    await asyncio.sleep(0.01)  # in which others may write
    if sys.stderr.isatty():
        click.echo("\r" + _("{read} read, {new} new").format(read=done.read, new=done.new), err=True, nl=False)


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


@click.command(
    **teaching(
        _("Write all entries as CSV to standard output, by number."),
        _("The columns address, reason and note are those that “import” reads."),
        examples=("youtong suppression export --account shop@example.net > suppressed.csv",),
    )
)
@account_option
@click.option("--reason", type=reason_choice, default=None, help=_("Only for this reason."))
@config_option
def export(account: str | None, reason: str | None, config_file: Path) -> None:
    config = loaded(config_file)
    tree = None if account is None else tree_of(config, account)
    chosen, names = Chosen(tree, Reason(reason) if reason else None), account_names(config)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("address", "reason", "note", "account", "source", "who", "created_ms", "expires_ms", "number"))

    async def write(app: AppDatabase) -> None:
        after = 0
        while True:
            async with app.reading() as transaction:
                page = await book.page(transaction, chosen, after, _PAGE)
            for each in page:
                note = each.evidence.note if each.evidence else ""
                of, expires = names.get(each.account_id, ""), "" if each.expires_ms is None else each.expires_ms
                writer.writerow(
                    (_text(each), each.reason, note, of, each.source, each.who, each.created_ms, expires, each.id)
                )
            if len(page) < _PAGE:
                return
            after = page[-1].id

    with_app(config, write)


def _text(entry: Entry) -> str:
    """As `import` reads it: a domain alone would look like a mistake there."""
    return f"@{entry.address}" if entry.is_pattern and "@" not in entry.address else entry.address
