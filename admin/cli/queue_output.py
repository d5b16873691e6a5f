"""Recipients in the queue as tables, and as JSON.

Owns   the columns and keys of `youtong queue list` and `show`.
Knows  no verb. Why a recipient waits is told by `youtong explain`.
"""

from collections.abc import Mapping, Sequence

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from ...queue.ids import queue_id
from ...queue.journal import JournalRow
from ...queue.reading import MessageRow, RecipientRow
from ...queue.states import RecipientState
from .. import times
from ..explain import attempts, document, sentences
from ..explain.facts import headline_of
from ..texts import _
from .output import console, print_facts

Listed = Sequence[tuple[RecipientRow, JournalRow | None]]


def print_listed(rows: Listed, now_ms: int, *, whole: bool) -> None:
    """Recipients with their last replies cut to the screen. `whole`: nothing was left off."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for title, ratio in ((_("Letter"), None), (_("Recipient"), 2), (_("State"), None), (_("Tries"), None),
                         (_("Age"), None), (_("Next"), None), (_("Last reply"), 3)):  # fmt: skip
        table.add_column(title, no_wrap=True, overflow="ellipsis", ratio=ratio)
    for row, last in rows:
        table.add_row(queue_id(row.message_id), *_cells(row, last, now_ms))
    console().print(table)
    if not whole:
        click.echo(_("There are more; --limit shows them."))


def print_recipients(rows: Listed, now_ms: int, *, whole: bool) -> None:
    """The same without the letter, for one message."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for title, ratio in ((_("Recipient"), 2), (_("State"), None), (_("Tries"), None), (_("Next"), None),
                         (_("Last reply"), 3)):  # fmt: skip
        table.add_column(title, no_wrap=True, overflow="ellipsis", ratio=ratio)
    for row, last in rows:
        address, state, tries, _age, coming, words = _cells(row, last, now_ms)
        table.add_row(address, state, tries, coming, words)
    console().print(table)
    if not whole:
        click.echo(_("There are more; --limit shows them."))


def _cells(row: RecipientRow, last: JournalRow | None, now_ms: int) -> tuple[str, str, str, str, str, str]:
    words = attempts.reply_words(last) if last is not None else ""
    state = sentences.state_words(row.state)
    age = times.span(now_ms - row.received_ms)
    return row.address, state, str(row.attempts), age, _next(row, now_ms), words


def _next(row: RecipientRow, now_ms: int) -> str:
    if row.state is not RecipientState.SCHEDULED or row.next_ms is None:
        return ""
    return times.relative(row.next_ms, now_ms) if row.next_ms > now_ms else _("due")


def print_message(message: MessageRow, account: str, now_ms: int) -> None:
    """Envelope and headline."""
    headline = headline_of(message.head)
    print_facts(
        [
            (_("Letter"), queue_id(message.id)),
            (_("From"), headline.author or "–"),
            (_("To"), headline.to or "–"),
            (_("Subject"), headline.subject or "–"),
            (_("Date"), headline.date or "–"),
            (_("Message-ID"), headline.message_id or "–"),
            (_("Reverse-path"), message.reverse_path or "<>"),
            (_("Account"), account or _("number {n}").format(n=message.account_id)),
            (_("Class"), message.mail_class),
            (_("Size"), _("{n:,} bytes").format(n=message.size_bytes)),
            (_("Accepted"), times.both(message.received_ms, now_ms)),
            (_("Given up"), times.both(message.expires_ms, now_ms)),
        ]
    )


def listed_json(row: RecipientRow, last: JournalRow | None, accounts: Mapping[int, str]) -> dict[str, object]:
    """One recipient."""
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
        "last": document.fact_document(last) if last is not None else None,
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
