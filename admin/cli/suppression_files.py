"""`youtong suppression import|export`: many entries at once.

Owns   both verbs, and the columns of what is written: no cell of them is a formula to a spreadsheet.
Knows  no file format (admin.suppression.importing).
"""

import asyncio
import csv
import sys
from pathlib import Path
from typing import TextIO

import click

from ...policy.suppression import Reason
from ..csv_cells import harmless
from ..store import AppDatabase
from ..suppression import book
from ..suppression.book import Chosen
from ..suppression.entry import Entry
from ..suppression.importing import CHUNK, Frame, entries_in, write_chunk
from ..texts import _, ngettext
from .frame import clock, config_option, json_option, loaded, teaching
from .queue_frame import account_names, asker
from .row_files import RowCounts, end_progress, opened, tell_progress, tell_rows
from .suppression_frame import account_option, reason_choice, tree_of, with_app

_PAGE = 5000
_COLUMNS = ("address", "reason", "note", "account", "source", "who", "created_ms", "expires_ms", "number")


@click.command(
    "import",
    **teaching(
        _("Suppress every address of a file."),
        _("FILE is CSV whose first line names the columns (address, and optionally reason and note), one JSON object "
          "a line, or a plain list of addresses; - is standard input. Patterns need a star or begin with “@”. An "
          "import only adds: nobody is written to again because of it. Rows that cannot be read are reported with "
          "their line numbers, and the others are imported."),
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
    config, done = loaded(config_file), RowCounts()
    frame = Frame(tree_of(config, account), Reason(reason), who, clock.now_ms())
    with opened(file) as lines:
        with_app(config, lambda app: _import(app, lines, frame, done))
    tell_rows(done, ngettext("{n} entry is new.", "{n} entries are new.", done.new), as_json=as_json)


async def _import(app: AppDatabase, lines: TextIO, frame: Frame, done: RowCounts) -> None:
    chunk: list[Entry] = []
    for number, row in entries_in(lines, frame):
        done.read += 1
        if isinstance(row, str):
            done.refuse(number, row)
            continue
        chunk.append(row)
        if len(chunk) == CHUNK:
            await _hand_over(app, chunk, done)
            chunk = []
    await _hand_over(app, chunk, done)
    end_progress()


async def _hand_over(app: AppDatabase, chunk: list[Entry], done: RowCounts) -> None:
    done.new += await write_chunk(app, chunk)
    await asyncio.sleep(0.01)  # in which others may write
    tell_progress(done)


@click.command(
    **teaching(
        _("Write all entries as CSV to standard output, by number."),
        _("The columns address, reason and note are those that “import” reads. A cell that a spreadsheet would read "
          "as a formula has an apostrophe before it, which “import” removes again."),
        examples=("youtong suppression export --account shop@example.net > suppressed.csv",),
    )
)  # fmt: skip
@account_option
@click.option("--reason", type=reason_choice, default=None, help=_("Only for this reason."))
@config_option
def export(account: str | None, reason: str | None, config_file: Path) -> None:
    config = loaded(config_file)
    tree = None if account is None else tree_of(config, account)
    chosen, names = Chosen(tree, Reason(reason) if reason else None), account_names(config)
    writer = csv.writer(sys.stdout)  # CR LF (RFC 4180 §2): with another end, a CR in a cell would not be quoted
    writer.writerow(_COLUMNS)

    async def write(app: AppDatabase) -> None:
        after = 0
        while True:
            async with app.reading() as transaction:
                page = await book.page(transaction, chosen, after, _PAGE)
            writer.writerows(_cells(each, names.get(each.account_id, "")) for each in page)
            if len(page) < _PAGE:
                return
            after = page[-1].id

    with_app(config, write)


def _cells(entry: Entry, account: str) -> tuple[str | int, ...]:
    note = entry.evidence.note if entry.evidence else ""
    expires = "" if entry.expires_ms is None else entry.expires_ms
    address, note, account, who = map(harmless, (_address(entry), note, account, entry.who))
    return address, entry.reason, note, account, entry.source, who, entry.created_ms, expires, entry.id


def _address(entry: Entry) -> str:
    """As `import` reads it: a domain alone would look like a mistake there."""
    return f"@{entry.address}" if entry.is_pattern and "@" not in entry.address else entry.address
