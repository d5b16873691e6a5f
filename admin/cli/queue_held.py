"""Held letters, one line each: whose they are, how many recipients, since when, and why.

Owns   `youtong queue list --held`: columns, keys, and the sentence about what can be done.
Knows  no SQL (queue.reading) and no reason (explain.sentences).
"""

from collections.abc import Mapping, Sequence

import click
import msgspec

from ...queue.ids import queue_id
from ...queue.journal import Facts
from ...queue.reading import HeldLetter, QueueReader, Wanted, reading
from ..config import Config
from ..explain import document, sentences
from ..explain.facts import Headline, headline_of
from ..texts import _
from ..times import relative
from .output import print_json
from .queue_frame import account_names, asked
from .queue_output import print_lines


class _Row(msgspec.Struct, frozen=True):
    """A held letter, and what its person knows it by."""

    held: HeldLetter
    account: str  # "" when it is not known any more
    headline: Headline

    @property
    def facts(self) -> Facts:
        return self.held.fact.facts if self.held.fact else Facts()


def list_held(config: Config, wanted: Wanted, limit: int, now_ms: int, *, as_json: bool) -> None:
    """Print at most `limit` of them."""
    names = account_names(config)
    rows = asked(lambda: _rows(config, wanted, limit + 1, names))
    if as_json:
        print_json([_json(row) for row in rows[:limit]])
    elif rows:
        _print(rows[:limit], now_ms, whole=len(rows) <= limit)
    else:
        click.echo(_("Nothing is held."))


def _rows(config: Config, wanted: Wanted, limit: int, names: Mapping[int, str]) -> list[_Row]:
    with reading(config.server.data_dir) as reader:
        found = reader.held_letters(wanted, limit)
        return [_Row(each, names.get(each.first.account_id, ""), _headline(reader, each)) for each in found]


def _headline(reader: QueueReader, held: HeldLetter) -> Headline:
    message = reader.message(held.first.message_id)
    return headline_of(message.head) if message is not None else Headline()


def _print(rows: Sequence[_Row], now_ms: int, *, whole: bool) -> None:
    titles = (_("Message"), _("Account"), _("Recipients"), _("Held"), _("Subject"))
    print_lines(titles, [(_cells(row, now_ms), _why(row)) for row in rows], whole)
    click.echo()
    click.echo(_("What they are: youtong explain message QUEUE_ID. To release them: youtong queue release. To give "
                 "them up: youtong queue cancel. Both take a QUEUE_ID, --account NAME or --all."))  # fmt: skip


def _cells(row: _Row, now_ms: int) -> tuple[str, str, str, str, str]:
    since = relative(row.held.fact.at_ms, now_ms) if row.held.fact else ""
    account = row.account or _("number {n}").format(n=row.held.first.account_id)
    return queue_id(row.held.first.message_id), account, str(row.held.recipients), since, row.headline.subject or "–"


def _why(row: _Row) -> str:
    return sentences.hold_words(row.facts)


def _json(row: _Row) -> dict[str, object]:
    first = row.held.first
    return {
        "queue_id": queue_id(first.message_id),
        "account": row.account or None,
        "recipients": row.held.recipients,
        "first_recipient": first.address,
        "from": row.headline.author,
        "subject": row.headline.subject,
        "expires_ms": first.expires_ms,
        "held": document.fact_document(row.held.fact) if row.held.fact else None,
    }
