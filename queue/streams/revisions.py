"""Revisions at lease time: which text a stream's recipient gets, and the Date of its letter.

Owns   these two decisions; both hang on what the journal says of earlier attempts.
Knows  no worker. Asked within the operation that leases, for recipients of streams only; a first attempt costs no
       statement.

Invariants
    Who has reached a final dot keeps the text of that attempt for ever: the peer may have taken it, or knows it. All
    others get the newest text, whatever was newest when they became ready.
    The Date of a letter is that of its first attempt, so that each retry has the same octets before signing.
    (After the death of a worker or owner in a first attempt nobody knows its Date; then the next attempt is the first.)
"""

import sqlite3

import msgspec
from msgspec.structs import replace

from ...mta.outcome import Stage
from ..journal import Facts, decode_facts
from ..storage import stream_rows
from ..storage.stream_rows import RevisionRow
from ..transactions import MessageFacts

_MAX_HISTORY = 200  # rows of a recipient's journal that are read; a letter has some dozen attempts


class Letter(msgspec.Struct, frozen=True, gc=False):
    """What one recipient of a stream gets in this attempt."""

    message: MessageFacts
    date_ms: int


class Revisions:
    """The newest texts of streams that were revised in this process's life: what is ready may be older than they."""

    def __init__(self) -> None:
        self._newest: dict[int, RevisionRow] = {}

    def revised(self, stream_id: int, revision: RevisionRow) -> None:
        """After the commit of a revision."""
        known = self._newest.get(stream_id)
        if known is None or known.number < revision.number:
            self._newest[stream_id] = revision

    def letter(
        self, db: sqlite3.Connection, message: MessageFacts, attempts: int, journal_seq: int, now_ms: int
    ) -> Letter:
        """Changes nothing."""
        newest = self._newest.get(message.stream_id)
        if newest is not None and newest.content_id != message.content_id:
            message = with_revision(message, newest)
        if not attempts:
            return Letter(message, now_ms)
        kept, date_ms = _of_history(_history(db, journal_seq))
        revision = stream_rows.revision_of_content(db, kept) if kept not in (0, message.content_id) else None
        return Letter(with_revision(message, revision) if revision else message, date_ms or now_ms)


def with_revision(message: MessageFacts, revision: RevisionRow) -> MessageFacts:
    return replace(
        message,
        content_id=revision.content_id,
        size_bytes=revision.size_bytes,
        eight_bit=bool(revision.eight_bit),
    )


def _of_history(history: list[Facts]) -> tuple[int, int]:
    """The content that a final dot followed, and the Date of the first attempt; 0 where nothing says so."""
    content_id = date_ms = 0
    for facts in history:  # newest first: the oldest word holds
        if facts.stage == Stage.FINAL_DOT:
            content_id = facts.revision or content_id
        date_ms = facts.date_ms or date_ms
    return content_id, date_ms


def _history(db: sqlite3.Connection, seq: int) -> list[Facts]:
    history: list[Facts] = []
    while seq and len(history) < _MAX_HISTORY:
        row = db.execute("SELECT prev_seq, facts FROM journal WHERE seq = ?", (seq,)).fetchone()
        if row is None:
            break
        history.append(decode_facts(row[1]))
        seq = row[0]
    return history
