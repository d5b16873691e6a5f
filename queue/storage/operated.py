"""Statements for what operators do to many waiting recipients at once.

Owns   a page of a selection (queue.storage.walks), and its transitions in two statements instead of three a recipient.
Knows  no verb (queue.operators.operations). Each method is part of an operation of GroupCommit and is atomic with it.

Invariants
    Q1  rows are changed in the operation that has read them, so each is in the state that was read; its journal row is
        written with it.
"""

import sqlite3
from collections.abc import Mapping, Sequence

from ..ids import Counters
from ..journal import JournalKind
from ..operators.selections import Selection
from ..states import Event, RecipientState, follow
from . import walks
from .backlog import Backlog
from .rows import JournalEntry, OperatedRow
from .walks import Cursor, Page

Noted = tuple[int, JournalKind, str]
"""When, what, and the encoded facts: the same for all rows of a page."""


class OperatedRows:
    def __init__(self, connection: sqlite3.Connection, counters: Counters, backlog: Backlog) -> None:
        self._db, self._counters, self._backlog = connection, counters, backlog

    def page(self, selection: Selection, state: RecipientState, cursor: Cursor, *, due_after: int = -1) -> Page:
        """As `walks.page`."""
        self._backlog.write()
        return walks.page(self._db, selection, state, cursor, due_after=due_after)

    def one(self, recipient_id: int, state: RecipientState) -> OperatedRow | None:
        """The recipient, if it is in that state."""
        return walks.one(self._db, recipient_id, state)

    def move_all(
        self,
        old: RecipientState,
        event: Event,
        rows: Sequence[OperatedRow],
        next_ms: Mapping[int, int | None],
        noted: Noted,
    ) -> None:
        """A transition that holds no lease, for rows of a page; `next_ms` by recipient."""
        assert old is not RecipientState.LEASED
        state = follow(old, event)
        seqs = self._journal(rows, noted)
        changed = self._db.executemany(
            "UPDATE recipient SET state = ?, next_ms = ?, journal_seq = ?, notice = 0 WHERE id = ? AND state = ?",
            [(state.value, next_ms[row.id], seq, row.id, old.value) for row, seq in zip(rows, seqs, strict=True)],
        ).rowcount
        assert changed == len(rows) or not rows, "a row was read in this operation and was in another state"
        self._count(old, state, rows, next_ms)

    def reschedule_all(self, rows: Sequence[OperatedRow], next_ms: int, noted: Noted) -> None:
        """Scheduled rows of a page are due at `next_ms`; no state changes."""
        seqs = self._journal(rows, noted)
        self._db.executemany(
            "UPDATE recipient SET next_ms = ?, journal_seq = ? WHERE id = ? AND state = 0",
            [(next_ms, seq, row.id) for row, seq in zip(rows, seqs, strict=True)],
        )
        for row in rows:
            self._backlog.due(row.domain_id, row.flow_id, next_ms)

    def last_word(self, row: OperatedRow) -> int:
        """The operation that held or released the recipient last; 0: no operation, or never."""
        seq = row.journal_seq
        while seq:
            kind, seq, operation = self._db.execute(
                "SELECT kind, prev_seq, ifnull(json_extract(facts, '$.operation'), 0) FROM journal WHERE seq = ?",
                (seq,),
            ).fetchone() or ("", 0, 0)
            if kind in (JournalKind.HELD, JournalKind.RELEASED):
                return operation
        return 0

    def released_between(self, operation: int, after: int, last: int, limit: int) -> tuple[list[int], int | None]:
        """Recipients that an operation released, by journal rows beyond `after`; where to go on, None at the end."""
        rows = self._db.execute(
            "SELECT seq, recipient_id, kind = 'released' AND json_extract(facts, '$.operation') = ? FROM journal"
            " WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
            (operation, after, last, limit),
        ).fetchall()
        return [recipient for _, recipient, is_one in rows if is_one], rows[-1][0] if len(rows) == limit else None

    def _journal(self, rows: Sequence[OperatedRow], noted: Noted) -> list[int]:
        at_ms, kind, facts = noted
        seqs = [self._counters.journal() for _ in rows]
        entries: list[JournalEntry] = [
            (seq, at_ms, kind.value, row.account_id, row.message_id, row.id, row.journal_seq, facts)
            for row, seq in zip(rows, seqs, strict=True)
        ]
        self._db.executemany(
            "INSERT INTO journal (seq, at_ms, kind, account_id, message_id, recipient_id, prev_seq, facts)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            entries,
        )
        return seqs

    def _count(
        self,
        old: RecipientState,
        state: RecipientState,
        rows: Sequence[OperatedRow],
        next_ms: Mapping[int, int | None],
    ) -> None:
        for row in rows:
            if old is RecipientState.SCHEDULED:
                self._backlog.gone(row.domain_id, row.flow_id)
            due_ms = next_ms[row.id]
            if state is RecipientState.SCHEDULED:
                assert due_ms is not None
                self._backlog.scheduled(row.domain_id, row.flow_id, due_ms)
