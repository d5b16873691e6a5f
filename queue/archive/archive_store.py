"""archive.db: every statement on it, by name.

Owns   its schema, what is written there (each call one synced transaction).
Knows  nothing of queue.db. Written by one thread at a time; people read it by archive_reads.

Invariants
    Everything put is put whole and may be put again: a second time it is replaced by itself.
"""

import sqlite3
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import msgspec

from ...mta.crashpoint import reach
from ..storage.database import StorageError, connect, map_error
from ..storage.leaving_rows import LeavingFact, LeavingMessage, LeavingRecipient
from .archive_reads import NAME
from .history_text import Entry, history_text

_VACUUM_PAGES = 64


class ArchivedRecipient(msgspec.Struct, frozen=True):
    """A recipient about to be put, with its history oldest first."""

    row: LeavingRecipient
    history: tuple[Entry, ...]

    @property
    def ended_ms(self) -> int:
        return self.row.newest_ms


class Archive:
    """Open for writing."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def close(self) -> None:
        self._db.close()

    def put(self, messages: Sequence[LeavingMessage], recipients: Sequence[ArchivedRecipient]) -> None:
        """Durable when it returns. Raises sqlite3.Error."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            "INSERT OR REPLACE INTO message (id, content_id, stream_id, account_id, credential_id, mail_class,"
            " reverse_path, body_type, smtputf8, envid, size_bytes, received_ms, expires_ms, source, is_notice,"
            " verp_domain, path_kept) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [msgspec.structs.astuple(each) for each in messages],
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO recipient (id, message_id, domain_id, domain, address, address_hash, state,"
            " attempts, notice, journal_seq, notify, orcpt, stream_key, ended_ms, history)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(*msgspec.structs.astuple(each.row), history_text(each.history)) for each in recipients],
        )
        self._commit()

    def put_facts(self, facts: Sequence[LeavingFact]) -> None:
        """Durable when it returns. Raises sqlite3.Error."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            "INSERT OR REPLACE INTO fact (seq, at_ms, kind, account_id, message_id, facts) VALUES (?, ?, ?, ?, ?, ?)",
            [(each.seq, each.at_ms, each.kind, each.account_id, each.message_id, each.facts) for each in facts],
        )
        self._commit()

    def walk_on(self, seq: int) -> None:
        """The walk over facts goes on behind `seq`: those before it have left queue.db. Raises sqlite3.Error."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("UPDATE walked SET seq = ? WHERE one = 1", (seq,))
        self._commit()

    def walked_seq(self) -> int:
        return self._db.execute("SELECT seq FROM walked WHERE one = 1").fetchone()[0]

    def forget(self, before_ms: int, limit: int) -> int:
        """Delete a page of what ended before; how many rows went. Raises sqlite3.Error."""
        self._db.execute("BEGIN IMMEDIATE")
        deleted = self._db.execute(
            "DELETE FROM recipient WHERE id IN (SELECT id FROM recipient WHERE ended_ms < ? ORDER BY ended_ms LIMIT ?)",
            (before_ms, limit),
        ).rowcount
        deleted += self._db.execute(
            "DELETE FROM fact WHERE seq IN (SELECT seq FROM fact WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
            (before_ms, limit),
        ).rowcount
        if not deleted:
            deleted = self._forget_messages(before_ms, limit)
        self._commit()
        for _ in range(_VACUUM_PAGES if deleted else 0):
            self._db.execute("PRAGMA incremental_vacuum(1)")  # the driver takes one step of it, which is one page
        return deleted

    def _forget_messages(self, before_ms: int, limit: int) -> int:
        """Messages that old of which no recipient is left."""
        return self._db.execute(
            "DELETE FROM message WHERE id IN (SELECT m.id FROM message AS m WHERE m.received_ms < ?"
            " AND NOT EXISTS (SELECT 1 FROM recipient WHERE message_id = m.id) ORDER BY m.received_ms LIMIT ?)",
            (before_ms, limit),
        ).rowcount

    def _commit(self) -> None:
        reach("archive.before")
        self._db.commit()
        reach("archive.after")


def open_archive(path: Path) -> Archive:
    """Made and brought to its newest version. Raises StorageError."""
    try:
        connection = connect(path)
        _migrate(connection)
    except sqlite3.Error as error:
        raise map_error(error) from error
    return Archive(connection)


def _migrate(connection: sqlite3.Connection) -> None:
    folder = resources.files(__package__ or __name__)
    steps = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(steps):
        raise StorageError(f"{NAME} has schema version {version}, this program knows {len(steps)}")
    for number, name in enumerate(steps[version:], start=version + 1):
        script = folder.joinpath(name).read_text("utf-8")
        reach("archive-migrate.before")
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
        reach("archive-migrate.after")
