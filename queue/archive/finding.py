"""Finding what may leave for the archive, page by page.

Owns   the rule: a recipient goes when it ended before a given moment, nothing is owed about it, and every follower of
       the journal has passed its newest fact. One of a submitted message also waits for the others of its message; one
       of a stream until nobody joins the stream any more (it is stopped, or its deadline was over at that moment):
       until then its key keeps it from being enqueued twice.
Knows  no archive; reads queue.db over a read-only connection.
"""

import sqlite3

import msgspec

from ..storage import leaving_rows
from ..storage.leaving_rows import Leaving, LeavingFact, LeavingMessage, LeavingRecipient
from ..streams.stream_states import RunState
from .archive_store import ArchivedRecipient

PAGE_RECIPIENTS = 200
PAGE_MESSAGES = 500
PAGE_FACTS = 2000
_TERMINAL = 10  # and beyond (queue.states)
_OWED = 1


class Ripe(msgspec.Struct, frozen=True):
    """What is old enough: newest fact before `before_ms`, and no later in the journal than `last_seq`."""

    before_ms: int
    last_seq: int

    def is_ripe(self, row: LeavingRecipient) -> bool:
        is_done = row.state >= _TERMINAL and row.notice != _OWED
        return is_done and row.newest_ms < self.before_ms and row.journal_seq <= self.last_seq


class Place(msgspec.Struct, frozen=True):
    """How far the walk has come: behind this message, or inside it behind this recipient."""

    message_id: int = 0
    recipient_id: int = 0  # 0: the message is done

    @property
    def after_message(self) -> int:
        return self.message_id - 1 if self.recipient_id else self.message_id


class Page:
    """What one step of the walk found. `place` None: the end of what is old enough."""

    def __init__(self) -> None:
        self.messages: list[LeavingMessage] = []
        self.recipients: list[ArchivedRecipient] = []
        self.emptied: list[int] = []  # messages of which, once these have left, nobody may be left
        self.place: Place | None = None

    def leaving(self) -> list[Leaving]:
        return [
            Leaving(each.row.id, each.row.message_id, each.row.journal_seq, tuple(entry[0] for entry in each.history))
            for each in self.recipients
        ]


def find_page(db: sqlite3.Connection, place: Place, ripe: Ripe) -> Page:
    """The next page behind `place`. Raises sqlite3.Error."""
    page = Page()
    looked = 0
    found = leaving_rows.messages(db, place.after_message, PAGE_MESSAGES)
    for message in found:
        if message.received_ms >= ripe.before_ms:
            return page
        after = place.recipient_id if message.id == place.message_id else 0
        rows = _rows(db, message, after, ripe)
        _take(db, page, message, rows, ripe)
        looked += len(rows)
        if len(rows) == PAGE_RECIPIENTS:
            page.place = Place(message.id, rows[-1].id)
            return page
        if looked >= PAGE_RECIPIENTS:
            page.place = Place(message.id)
            return page
    page.place = Place(found[-1].id) if len(found) == PAGE_MESSAGES else None
    return page


def _rows(db: sqlite3.Connection, message: LeavingMessage, after_id: int, ripe: Ripe) -> list[LeavingRecipient]:
    """Recipients to look at: none while the message or its stream is not over."""
    if message.stream_id:
        is_late = message.expires_ms < ripe.before_ms
        is_over = is_late or leaving_rows.run_state(db, message.stream_id) == RunState.STOPPED
    else:
        is_over = not leaving_rows.has_unended(db, message.id)
    return leaving_rows.recipients(db, message.id, after_id, PAGE_RECIPIENTS) if is_over else []


def _take(
    db: sqlite3.Connection, page: Page, message: LeavingMessage, rows: list[LeavingRecipient], ripe: Ripe
) -> None:
    going = [row for row in rows if ripe.is_ripe(row)]
    for row in going:
        newest_ms = row.newest_ms or message.received_ms
        history = tuple(leaving_rows.history(db, row.journal_seq))
        page.recipients.append(ArchivedRecipient(msgspec.structs.replace(row, newest_ms=newest_ms), history))
    is_empty = not message.stream_id and len(going) == len(rows) < PAGE_RECIPIENTS
    if going or is_empty:
        page.messages.append(message)
    if is_empty:
        page.emptied.append(message.id)


class FactsPage(msgspec.Struct, frozen=True):
    """Facts about no recipient that are old enough. `walked_seq`: all up to it were looked at."""

    facts: list[LeavingFact]
    walked_seq: int
    is_end: bool


def find_facts(db: sqlite3.Connection, after_seq: int, ripe: Ripe) -> FactsPage:
    """The next page of the journal behind `after_seq`; rows about recipients are passed: they leave with them."""
    rows = leaving_rows.facts(db, after_seq, ripe.last_seq, PAGE_FACTS)
    old = [row for row in rows if row.at_ms < ripe.before_ms]
    young = next((row for row in rows if row.at_ms >= ripe.before_ms), None)
    if young is not None:
        old = [row for row in old if row.seq < young.seq]
    walked = old[-1].seq if old else after_seq
    return FactsPage([row for row in old if not row.recipient_id], walked, young is not None or len(rows) < PAGE_FACTS)
