"""Statements about rows that leave queue.db for the archive: what may go, and that it goes.

Owns   the SQL that finds recipients which ended long ago with their histories, and facts about no recipient; and the
       guarded DELETEs.
Knows  no archive. Finding runs on a read-only connection; deleting is part of an operation of GroupCommit.

Invariants
    Q1  a recipient is deleted only in the very state in which it was read: ended, nothing owed, no later fact.
    A message goes after its last recipient, its content and its delay watch: whoever holds its number finds it.
    Each query looks at a bounded number of rows, whatever waits.
"""

import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from .rows import JournalEntry

MAX_ENTRIES = 10_000
"""Of one recipient's history: flushed again and again it is long, but never without end."""

_MESSAGES = """
SELECT id, content_id, stream_id, account_id, credential_id, mail_class, reverse_path, body_type, smtputf8, envid,
       size_bytes, received_ms, expires_ms, source, is_notice, verp_domain, path_kept
FROM message WHERE id > ? ORDER BY id LIMIT ?
"""
_UNENDED = "SELECT 1 FROM recipient WHERE message_id = ? AND (state < 10 OR notice = 1) LIMIT 1"
_RECIPIENTS = """
SELECT r.id, r.message_id, r.domain_id, d.name, r.address, r.address_hash, r.state, r.attempts, r.notice,
       r.journal_seq, ifnull(r.notify, ''), ifnull(r.orcpt, ''), r.stream_key, ifnull(j.at_ms, 0)
FROM recipient AS r JOIN domain AS d ON d.id = r.domain_id LEFT JOIN journal AS j ON j.seq = r.journal_seq
WHERE r.message_id = ? AND r.id > ? ORDER BY r.id LIMIT ?
"""
_CHAIN = """
WITH RECURSIVE chain (seq, at_ms, kind, account_id, message_id, recipient_id, prev_seq, facts) AS (
    SELECT * FROM journal WHERE seq = ?
    UNION ALL
    SELECT j.* FROM chain AS c JOIN journal AS j ON j.seq = c.prev_seq WHERE c.prev_seq > 0
)
SELECT * FROM chain LIMIT ?
"""
_FACTS = """
SELECT seq, at_ms, recipient_id, CASE WHEN recipient_id = 0 THEN kind ELSE '' END, account_id, message_id,
       CASE WHEN recipient_id = 0 THEN facts ELSE '' END
FROM journal WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?
"""


class LeavingMessage(msgspec.Struct, frozen=True, array_like=True):
    """A message as the archive keeps it. The order is that of the query."""

    id: int
    content_id: int
    stream_id: int
    account_id: int
    credential_id: int
    mail_class: str
    reverse_path: str
    body_type: str
    smtputf8: int
    envid: str
    size_bytes: int
    received_ms: int
    expires_ms: int
    source: str
    is_notice: int
    verp_domain: str = ""
    path_kept: str = ""


class LeavingRecipient(msgspec.Struct, frozen=True, array_like=True):
    """A recipient that may have ended. The order is that of the query."""

    id: int
    message_id: int
    domain_id: int
    domain: str
    address: str
    address_hash: int
    state: int
    attempts: int
    notice: int
    journal_seq: int
    notify: str
    orcpt: str
    stream_key: str | None
    newest_ms: int  # when the newest fact about it was written


class LeavingFact(msgspec.Struct, frozen=True, array_like=True):
    """A journal row; its kind and facts are read only when it is about no recipient."""

    seq: int
    at_ms: int
    recipient_id: int
    kind: str
    account_id: int
    message_id: int
    facts: str


# -- finding, on a read-only connection -------------------------------------------------------------------------------


def messages(db: sqlite3.Connection, after_id: int, limit: int) -> list[LeavingMessage]:
    """In the order of their numbers, which is nearly that of their arrival."""
    return [LeavingMessage(*row) for row in db.execute(_MESSAGES, (after_id, limit))]


def has_unended(db: sqlite3.Connection, message_id: int) -> bool:
    """Whether some recipient waits, is being delivered, or is owed a notice. Not for streams: they have millions."""
    return db.execute(_UNENDED, (message_id,)).fetchone() is not None


def recipients(db: sqlite3.Connection, message_id: int, after_id: int, limit: int) -> list[LeavingRecipient]:
    """A page of a message's recipients, ended or not."""
    return [LeavingRecipient(*row) for row in db.execute(_RECIPIENTS, (message_id, after_id, limit))]


def history(db: sqlite3.Connection, journal_seq: int) -> list[JournalEntry]:
    """Every journal row about a recipient, oldest first."""
    return db.execute(_CHAIN, (journal_seq, MAX_ENTRIES)).fetchall()[::-1]


def run_state(db: sqlite3.Connection, stream_id: int) -> str:
    row = db.execute("SELECT run_state FROM stream WHERE id = ?", (stream_id,)).fetchone()
    return row[0] if row else ""


def facts(db: sqlite3.Connection, after_seq: int, last_seq: int, limit: int) -> list[LeavingFact]:
    """Journal rows beyond a number and up to another."""
    return [LeavingFact(*row) for row in db.execute(_FACTS, (after_seq, last_seq, limit))]


# -- deleting, within an operation ------------------------------------------------------------------------------------


class Leaving(msgspec.Struct, frozen=True):
    """A recipient that the archive has, and the journal rows that go with it."""

    id: int
    message_id: int
    journal_seq: int
    seqs: tuple[int, ...]


def delete_recipients(db: sqlite3.Connection, going: Sequence[Leaving], is_over: Callable[[], bool]) -> int:
    """Delete from the beginning until `is_over`; how many were looked at, at least one.

    What changed meanwhile stays.
    """
    for count, each in enumerate(going, start=1):
        _delete(db, each)
        if is_over():
            return count
    return len(going)


def _delete(db: sqlite3.Connection, each: Leaving) -> None:
    deleted = db.execute(
        "DELETE FROM recipient WHERE id = ? AND state >= 10 AND notice != 1 AND journal_seq = ?"
        " AND NOT EXISTS (SELECT 1 FROM wish WHERE recipient_id = recipient.id)",
        (each.id, each.journal_seq),
    )
    if deleted.rowcount:
        db.executemany("DELETE FROM journal WHERE seq = ?", [(seq,) for seq in each.seqs])
        db.execute("DELETE FROM delay_told WHERE recipient_id = ?", (each.id,))


def delete_messages(db: sqlite3.Connection, ids: Sequence[int], is_over: Callable[[], bool]) -> int:
    """Messages of the archive that nothing needs here any more; how many were looked at, at least one.

    A stream's message stays: it is what the stream is.
    """
    for count, message_id in enumerate(ids, start=1):
        deleted = db.execute(
            "DELETE FROM message WHERE id = ?1 AND stream_id = 0"
            " AND NOT EXISTS (SELECT 1 FROM recipient WHERE message_id = ?1)"
            " AND NOT EXISTS (SELECT 1 FROM content WHERE id = ?1)"
            " AND NOT EXISTS (SELECT 1 FROM delay_watch WHERE message_id = ?1)",
            (message_id,),
        )
        if deleted.rowcount:
            db.execute("DELETE FROM deliver_by WHERE message_id = ?", (message_id,))
        if is_over():
            return count
    return len(ids)


def delete_facts(db: sqlite3.Connection, seqs: Sequence[int], is_over: Callable[[], bool]) -> int:
    """Facts about no recipient; how many were deleted, at least one."""
    for count, seq in enumerate(seqs, start=1):
        db.execute("DELETE FROM journal WHERE seq = ? AND recipient_id = 0", (seq,))
        if is_over():
            return count
    return len(seqs)
