"""The life of a message on a screen: every fact of its recipients, in the order in which they happened.

Owns   the order, and the columns.
Knows  no words (attempts).
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from rich.table import Table
from rich.text import Text

from ...mta.delivery.dialogue import Dialogue
from ...queue.journal import JournalRow
from .. import times
from ..texts import _
from . import attempts
from .dialogues import text_of
from .facts import Letter
from .set_off import set_off_sentence


def events(letters: Sequence[Letter]) -> list[tuple[str, JournalRow]]:
    """(address, fact), oldest first; rows of one moment in the order in which they were written."""
    found = [(letter.recipient.address, row) for letter in letters for row in letter.history]
    return sorted(found, key=lambda event: (event[1].at_ms, event[1].seq))


def timeline(letters: Sequence[Letter], now_ms: int, dialogues: Mapping[int, Dialogue] = {}) -> Table:
    """When, what, to whom if there are several, and in which words; what was said where it is among `dialogues`."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    accepted_ms = letters[0].message.received_ms
    table.add_row(times.exact(accepted_ms, now_ms), _("accepted"))
    several = len(letters) > 1
    set_off = {seq: suspension for letter in letters for seq, suspension in letter.set_off.items()}
    for (time, *_same), group in groupby(events(letters), lambda event: _line(event[1], now_ms)):
        facts = list(group)
        table.add_row(
            time, _told(_addresses([address for address, _row in facts]) if several else "", facts[0][1], now_ms)
        )
        if (suspension := next((set_off[row.seq] for _address, row in facts if row.seq in set_off), None)) is not None:
            table.add_row("", set_off_sentence(suspension, now_ms))
        for dialogue in _different(dialogues[row.seq] for _address, row in facts if row.seq in dialogues):
            table.add_row("", Text(text_of(dialogue), "dim"))
    return table


def _different(dialogues: Iterable[Dialogue]) -> list[Dialogue]:
    """Recipients of one transaction share what was said."""
    different: list[Dialogue] = []
    for dialogue in dialogues:
        if dialogue not in different:
            different.append(dialogue)
    return different


def _line(row: JournalRow, now_ms: int) -> tuple[str, ...]:
    """What makes facts one line: the same second, the same words."""
    words = (attempts.event_words(row, now_ms), attempts.host_words(row), attempts.reply_words(row))
    return (times.exact(row.at_ms, now_ms), *words)


def _addresses(addresses: Sequence[str]) -> str:
    others = len(addresses) - 1
    return _("{addresses} and {n:,} more").format(addresses=addresses[0], n=others) if others else addresses[0]


def _told(address: str, row: JournalRow, now_ms: int) -> Text:
    what = Text(attempts.event_words(row, now_ms), "bold")
    if address:
        what = Text.assemble(address, ": ", what)
    if place := attempts.host_words(row):
        what.append(f"  {place}", "dim")
    if words := attempts.reply_words(row):
        what.append(f"\n{words}")
    return what
