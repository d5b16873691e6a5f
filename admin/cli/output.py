"""What verbs print: tables and sentences for people, JSON for programs.

Owns   the look of tables in a terminal, and the form of JSON (one value, indented, UTF-8).
Knows  no verb. A pipe gets no colours and no folded lines.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .folded import foldable

_PIPE_WIDTH = 10_000  # a program reads it: never fold


def console() -> Console:
    """A console as wide as the terminal, or without bounds into a pipe."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(width=width, highlight=False, markup=False, emoji=False)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, empty: str = "") -> None:
    """A table, or the sentence `empty` when there are no rows."""
    all_rows = list(rows)
    if not all_rows and empty:
        click.echo(empty)
        return
    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    for row in all_rows:
        table.add_row(*row)
    _print(table)


def print_facts(facts: Iterable[tuple[str, str | Text]]) -> None:
    """Names and values of one thing, under each other."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, foldable(value))
    _print(table)


def print_grid(table: Table) -> None:
    """A table that is made already."""
    _print(table)


def print_texts(texts: Iterable[Text]) -> None:
    """Lines that are laid out already; only one without a space to fold at is longer than the terminal."""
    _print(*texts)


def _print(*shown: Table | Text) -> None:
    """Without the spaces that fill a table up to its right edge."""
    terminal = console()
    with terminal.capture() as captured:
        for each in shown:
            terminal.print(each, overflow="fold")
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def print_json(value: Any) -> None:
    """Anything msgspec can encode."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
