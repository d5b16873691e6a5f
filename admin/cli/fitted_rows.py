"""Rows of a list at the width of a terminal: one line each, as far as that can be.

Owns   which column gives way when a list is wider than the screen.
Knows  no verb. A pipe gets the whole table, and so does a terminal that has room for it.

Invariants
    No line is wider than the terminal, where a Chinese character is two columns.
    The key of a row, by which it is asked for elsewhere, is never cut: one that is longer than its column stands on a
    line of its own.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from .output import console, print_table, print_texts

_GAP = 2
_TABLE_GAP = 3  # what print_table has between two columns
_NARROWEST = 6
_INDENT = " " * 4
_BRACKET = re.compile(r"\s*[(（][^()（）]*[)）]$")
Row = Sequence[str]


class Fitting(msgspec.Struct, frozen=True):
    """What gives way: columns by their numbers.

    `key` keeps `least` columns of the screen, others are cut before; what is `beneath` gets a line under its row.
    """

    key: int = 0
    least: int = 20
    beneath: tuple[int, ...] = ()


def print_rows(titles: Row, rows: Iterable[Row], fitting: Fitting, *, empty: str = "") -> None:
    """As print_table, but for a terminal that is too narrow."""
    all_rows = list(rows)
    room = console().width
    if not all_rows or not sys.stdout.isatty() or _table_width([titles, *all_rows]) <= room:
        print_table(titles, all_rows, empty=empty)
        return
    print_texts(row_lines(titles, all_rows, fitting, room))


def _table_width(rows: Sequence[Row]) -> int:
    widths = _widths(rows)
    return sum(widths) + _TABLE_GAP * (len(widths) - 1)


def _widths(rows: Sequence[Row]) -> list[int]:
    return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]


def row_lines(titles: Row, rows: Sequence[Row], fitting: Fitting, room: int) -> Iterator[Text]:
    """The list in so many columns; a key may be wider, and is folded where it is printed."""
    shown = [at for at in range(len(titles)) if at not in fitting.beneath]
    key = shown.index(fitting.key)
    cells = [[row[at] for at in shown] for row in (titles, *rows)]
    widths = _fitted(_widths(cells), key, fitting.least, room)
    yield Text(_line(cells[0], widths), "bold")
    yield Text("─" * min(room, sum(widths) + _GAP * (len(widths) - 1)))
    for row, line in zip(rows, cells[1:], strict=True):
        yield from _row(line, widths, key)
        if words := "  ".join(row[at] for at in fitting.beneath if row[at]):
            yield Text(_cut(_INDENT + words, room), "dim")


def _fitted(widths: list[int], key: int, least: int, room: int) -> list[int]:
    """The key gets what the others leave it, or `least`; then the widest of the others loses column after column."""
    room -= _GAP * (len(widths) - 1)
    others = [at for at in range(len(widths)) if at != key]
    rest = room - sum(widths[at] for at in others)
    widths[key] = min(widths[key], max(least, rest))
    while sum(widths) > room:
        widest = max(others, key=lambda at: widths[at], default=key)
        if widest == key or widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _row(cells: Row, widths: Sequence[int], key: int) -> Iterator[Text]:
    if cell_len(cells[key]) <= widths[key]:
        yield Text(_line(cells, widths))
        return
    yield Text((_line(cells[:key], widths[:key], "  ") + cells[key]).rstrip())
    yield Text(_line([*("" for _ in range(key + 1)), *cells[key + 1 :]], widths))


def _line(cells: Row, widths: Sequence[int], end: str = "") -> str:
    """Without spaces at its end, or, where something follows, with `end`."""
    line = "  ".join(set_cell_size(_cut(cell, width), width) for cell, width in zip(cells, widths, strict=True))
    return line + end if end and cells else line.rstrip()


def _cut(cell: str, width: int) -> str:
    """A bracket at the end goes first, as a whole: nobody can use half of what is in it."""
    if cell_len(cell) <= width:
        return cell
    cell = _BRACKET.sub("", cell) or cell
    return cell if cell_len(cell) <= width else f"{set_cell_size(cell, width - 1).rstrip()}…"
