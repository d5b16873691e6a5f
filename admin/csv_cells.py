"""Cells of CSV files that a spreadsheet opens: text stays text.

Owns   the mark before what a spreadsheet would take for a formula and run, and taking it away again.
Knows  no column.

Invariants
    `as_meant(harmless(text)) == text` for every text. An apostrophe is what spreadsheets themselves put before text.
"""

import re

_MARK = "'"
_DANGEROUS = re.compile(r"'*[=+\-@\t\r\n]")
"""Behind apostrophes as well: else a text that begins so would lose one on its way back."""


def harmless(text: str) -> str:
    """The cell to write."""
    return _MARK + text if _DANGEROUS.match(text) else text


def as_meant(cell: str) -> str:
    """The text of a cell that `harmless` wrote."""
    return cell[1:] if cell.startswith(_MARK) and _DANGEROUS.match(cell) else cell
