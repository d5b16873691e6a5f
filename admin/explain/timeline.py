"""The life of a message on a screen: every fact of its recipients, in the order in which they happened.

Owns   the order, and the columns.
Knows  no words (attempts).
"""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from ...queue.journal import JournalRow
from .. import times
from ..texts import _
from . import attempts
from .facts import Letter


def events(letters: Sequence[Letter]) -> list[tuple[str, JournalRow]]:
    """(address, fact), oldest first; rows of one moment in the order in which they were written."""
    found = [(letter.recipient.address, row) for letter in letters for row in letter.history]
    return sorted(found, key=lambda event: (event[1].at_ms, event[1].seq))


def timeline(letters: Sequence[Letter], now_ms: int) -> Table:
    """When, what, to whom if there are several, and in which words."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    accepted_ms = letters[0].message.received_ms
    table.add_row(times.exact(accepted_ms, now_ms), _("accepted"))
    for address, row in events(letters):
        table.add_row(times.exact(row.at_ms, now_ms), _told(address if len(letters) > 1 else "", row, now_ms))
    return table


def _told(address: str, row: JournalRow, now_ms: int) -> Text:
    what = Text(attempts.event_words(row, now_ms), "bold")
    if address:
        what = Text.assemble(address, ": ", what)
    if place := attempts.host_words(row):
        what.append(f"  {place}", "dim")
    if words := attempts.reply_words(row):
        what.append(f"\n{words}")
    return what
