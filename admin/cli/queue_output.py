"""Recipients in the queue as tables, and as JSON.

Owns   the columns and keys of `youtong queue list` and `show`.
Knows  no verb, and no reason (explain.listing): `youtong explain` tells them in full.
"""

from collections.abc import Mapping, Sequence

import click
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from ...queue.classes import MailClass
from ...queue.ids import queue_id
from ...queue.reading import MessageRow
from ...queue.states import RecipientState
from .. import times
from ..explain import document, listing, sentences
from ..explain.class_words import class_words
from ..explain.facts import Surroundings, headline_of
from ..explain.listing import Line
from ..texts import _, ngettext
from .output import console, print_facts

_WIDEST = 40  # columns; a longer address is cut


def print_listed(lines: Sequence[Line], around: Surroundings, *, whole: bool) -> None:
    """Recipients of many letters. `whole`: nothing was left off."""
    titles = (_("Message"), _("Recipient"), _("State"), _("Tries"), _("Age"), _("Next"))
    print_lines(titles, [(_cells(line, around), listing.words(line, around.now_ms)) for line in lines], whole)


def print_recipients(lines: Sequence[Line], around: Surroundings, *, whole: bool) -> None:
    """Recipients of one letter."""
    titles = (_("Recipient"), _("State"), _("Tries"), _("Next"))
    cells = [(_cells(line, around), listing.words(line, around.now_ms)) for line in lines]
    print_lines(
        titles,
        [((address, state, tries, coming), words) for (_id, address, state, tries, _age, coming), words in cells],
        whole,
    )


def print_lines(titles: Sequence[str], rows: Sequence[tuple[Sequence[str], str]], whole: bool) -> None:
    """A line each, and words under it, cut to the screen: a column of their own would leave them no room."""
    out = console()
    all_cells = [titles, *(cells for cells, _words in rows)]
    widths = [min(_WIDEST, max(map(cell_len, column))) for column in zip(*all_cells, strict=True)]
    out.print(_line(titles, widths, "bold"), no_wrap=True, overflow="ellipsis")
    for cells, words in rows:
        out.print(_line(cells, widths), no_wrap=True, overflow="ellipsis")
        if words:
            out.print(Text(f"    {words}", "dim"), no_wrap=True, overflow="ellipsis")
    if not whole:
        click.echo(_("There are more; --limit shows them."))


def _line(cells: Sequence[str], widths: Sequence[int], style: str = "") -> Text:
    return Text("  ".join(_fitted(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip(), style)


def _fitted(cell: str, width: int) -> str:
    return set_cell_size(_cut(cell, width), width)


def _cut(cell: str, width: int) -> str:
    return cell if cell_len(cell) <= width else f"{set_cell_size(cell, width - 1)}…"


def _cells(line: Line, around: Surroundings) -> tuple[str, str, str, str, str, str]:
    row, age = line.first, times.span(around.now_ms - line.first.received_ms)
    state = sentences.state_words(row.state, is_running=around.is_running)
    return queue_id(row.message_id), _who(line), state, str(row.attempts), age, _next(line, around.now_ms)


def _who(line: Line) -> str:
    """The address, and how many others there are: that is not what a narrow column cuts off."""
    others = line.recipients - 1
    if not others:
        return line.first.address
    if line.is_counted:
        more = ngettext("and {n} more", "and {n:,} more", others).format(n=others)
    else:
        more = _("and over {n:,} more").format(n=others)
    room = max(1, _WIDEST - cell_len(more) - 1)
    return f"{_cut(line.first.address, room)} {more}"


def _next(line: Line, now_ms: int) -> str:
    if line.first.state is not RecipientState.SCHEDULED or line.wait is None:
        return ""
    return times.both(line.wait.until_ms, now_ms) if line.wait.until_ms > now_ms else _("due")


def print_message(message: MessageRow, account: str, now_ms: int) -> None:
    """Envelope and headline."""
    headline = headline_of(message.head)
    print_facts(
        [
            (_("Message"), queue_id(message.id)),
            (_("From"), headline.author or "–"),
            (_("To"), headline.to or "–"),
            (_("Subject"), headline.subject or "–"),
            (_("Date"), headline.date or "–"),
            (_("Message-ID"), headline.message_id or "–"),
            (_("Reverse-path"), message.reverse_path or "<>"),
            (_("Account"), account or _("number {n}").format(n=message.account_id)),
            (_("Class"), class_words(MailClass(message.mail_class))),
            (_("Size"), _("{n:,} bytes").format(n=message.size_bytes)),
            (_("Accepted"), times.both(message.received_ms, now_ms)),
            (_("Given up"), times.both(message.expires_ms, now_ms)),
        ]
    )


def listed_json(line: Line, accounts: Mapping[int, str]) -> dict[str, object]:
    """One recipient."""
    row = line.first
    return {
        "queue_id": queue_id(row.message_id),
        "recipient": row.address,
        "domain": row.domain,
        "state": row.state.name.lower(),
        "attempts": row.attempts,
        "account": accounts.get(row.account_id),
        "accepted_ms": row.received_ms,
        "expires_ms": row.expires_ms,
        "next_ms": row.next_ms if row.state is RecipientState.SCHEDULED else None,
        "wait": document.wait_document(line.wait) if line.wait is not None else None,
        "last": document.fact_document(line.last) if line.last is not None else None,
    }


def message_json(message: MessageRow, account: str) -> dict[str, object]:
    """Envelope and headline."""
    headline = headline_of(message.head)
    return {
        "queue_id": queue_id(message.id),
        "from": headline.author,
        "to": headline.to,
        "subject": headline.subject,
        "date": headline.date,
        "message_id": headline.message_id,
        "reverse_path": message.reverse_path,
        "account": account or None,
        "class": message.mail_class,
        "body": message.body_type,
        "smtputf8": message.smtputf8,
        "size_bytes": message.size_bytes,
        "accepted_ms": message.received_ms,
        "expires_ms": message.expires_ms,
    }
