"""Reads of the archive for people: rows as queue.storage.reads gives them, so that whoever shows them sees no seam.

Owns   the file's name and the SQL behind queue.reading.
Knows  no page and no sentence. Runs on a read-only connection; archive.db may be absent, then nobody asks.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from ..ids import address_hash
from ..journal import JournalRow
from ..storage.database import connect, map_error
from ..storage.reads import MessageRow, RecipientRow
from .history_text import history_of

NAME = "archive.db"
_WITH_RETURN_PATHS = 2  # version of its schema

_RECIPIENT = """
SELECT r.id, r.message_id, r.domain_id, r.domain, r.address, r.state, r.attempts, NULL, NULL, r.notice, r.journal_seq,
       r.notify, m.account_id, m.reverse_path, m.received_ms, m.expires_ms, m.stream_id,
       ifnull(m.source, ''), m.mail_class, m.verp_domain
FROM recipient AS r JOIN message AS m ON m.id = r.message_id
"""
_MESSAGE = """
SELECT id, content_id, stream_id, account_id, mail_class, reverse_path, body_type, smtputf8, size_bytes, received_ms,
       expires_ms, source, is_notice, x'', verp_domain, path_kept
FROM message WHERE id = ?
"""


def open_reads(path: Path) -> sqlite3.Connection | None:
    """None while there is no archive, or one whose first start was cut off. Raises sqlite3.Error."""
    if not path.exists():
        return None
    connection = connect(path, read_only=True)
    if connection.execute("PRAGMA user_version").fetchone()[0]:
        return connection
    connection.close()
    return None


def ended_ms(path: Path, recipient_id: int) -> int | None:
    """When a recipient ended, for whom a bounce comes back late; None when it is not here. Raises StorageError."""
    try:
        db = open_reads(path)
        if db is None:
            return None
        with closing(db):
            row = db.execute("SELECT ended_ms FROM recipient WHERE id = ?", (recipient_id,)).fetchone()
    except sqlite3.Error as error:
        raise map_error(error) from error
    return row[0] if row else None


def at_address(db: sqlite3.Connection, address: str) -> Iterator[RecipientRow]:
    """Recipients with this address in any spelling of case, newest first."""
    query = _fitting(db, _RECIPIENT + "WHERE r.address_hash = ? ORDER BY r.id DESC")
    rows = db.execute(query, (address_hash(address),))
    return (row for row in map(_recipient, rows) if row.address.lower() == address.lower())


def of_message(db: sqlite3.Connection, message_id: int, after_id: int, limit: int) -> Iterator[RecipientRow]:
    """Recipients of a message beyond `after_id`, in their order."""
    query = _fitting(db, _RECIPIENT + "WHERE r.message_id = ? AND r.id > ? ORDER BY r.id LIMIT ?")
    return map(_recipient, db.execute(query, (message_id, after_id, limit)))


def message(db: sqlite3.Connection, message_id: int) -> MessageRow | None:
    """Its content is gone."""
    row = db.execute(_fitting(db, _MESSAGE), (message_id,)).fetchone()
    return msgspec.convert(row, MessageRow, strict=False) if row else None  # SQLite's truths are numbers


def history(db: sqlite3.Connection, recipient_id: int) -> list[JournalRow]:
    """Every fact about a recipient, oldest first; nothing when it is not here."""
    row = db.execute("SELECT history FROM recipient WHERE id = ?", (recipient_id,)).fetchone()
    return history_of(row[0]) if row else []


def _fitting(db: sqlite3.Connection, query: str) -> str:
    """The query for an archive that no server has written since version 2: it knows no return paths."""
    if db.execute("PRAGMA user_version").fetchone()[0] >= _WITH_RETURN_PATHS:
        return query
    return query.replace("m.verp_domain", "''").replace("verp_domain, path_kept", "'', ''")


def _recipient(row: tuple[object, ...]) -> RecipientRow:
    return msgspec.convert(row, RecipientRow)
