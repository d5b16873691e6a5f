"""Rows of the table `operation`: what operators did to the queue, and what is needed to undo it.

Owns   the SQL over it, and the form of a row.
Knows  nothing of what a verb does (queue.operators.operations). Each function is part of an operation of
       GroupCommit and atomic with it, or reads on a connection of its own.
"""

import sqlite3

import msgspec

from ..operators.selections import Selection

_SELECT = (
    "SELECT id, at_ms, who, verb, selection, reason, changed, busy, first_seq, last_seq, suspensions, undoes, undone_by"
    " FROM operation"
)
_MAX_KEPT = 10_000

_numbers = msgspec.json.Decoder(tuple[int, ...])
_selection = msgspec.json.Decoder(Selection)


class OperationRow(msgspec.Struct, frozen=True):
    """One verb that somebody gave. Journal rows of what it changed lie between `first_seq` and `last_seq`."""

    id: int
    at_ms: int
    who: str
    verb: str
    selection: Selection
    reason: str
    changed: int = 0
    busy: int = 0
    first_seq: int = 0
    last_seq: int = 0
    suspensions: tuple[int, ...] = ()  # it made, or ended
    undoes: int = 0
    undone_by: int = 0


def begin(db: sqlite3.Connection, verb: str, selection: Selection, reason: str, who: str, now_ms: int) -> int:
    """A new operation; its number."""
    chosen = msgspec.json.encode(selection).decode()
    first_seq = _last_seq(db) + 1
    (number,) = db.execute(
        "INSERT INTO operation (at_ms, who, verb, selection, reason, first_seq) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (now_ms, who, verb, chosen, reason, first_seq),
    ).fetchone()
    return number


def count(db: sqlite3.Connection, number: int, changed: int, busy: int) -> None:
    """A page of it is done."""
    db.execute(
        "UPDATE operation SET changed = changed + ?2, busy = busy + ?3, last_seq = ?4 WHERE id = ?1",
        (number, changed, busy, _last_seq(db)),
    )


def note_suspensions(db: sqlite3.Connection, number: int, suspensions: tuple[int, ...]) -> None:
    """What it made or ended."""
    db.execute(
        "UPDATE operation SET suspensions = ?2, changed = ?3 WHERE id = ?1",
        (number, msgspec.json.encode(suspensions).decode(), len(suspensions)),
    )


def note_undone(db: sqlite3.Connection, number: int, by: int) -> None:
    db.execute("UPDATE operation SET undone_by = ?2 WHERE id = ?1", (number, by))
    db.execute("UPDATE operation SET undoes = ?1 WHERE id = ?2", (number, by))


def one(db: sqlite3.Connection, number: int) -> OperationRow | None:
    row = db.execute(f"{_SELECT} WHERE id = ?", (number,)).fetchone()
    return _row(row) if row else None


def newest(db: sqlite3.Connection) -> OperationRow | None:
    """The newest that was not undone, that is no undoing itself, and that left something to undo."""
    row = db.execute(
        f"{_SELECT} WHERE undone_by = 0 AND verb NOT IN ('undo', 'flush') ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return _row(row) if row else None


def history(db: sqlite3.Connection, limit: int) -> list[OperationRow]:
    """Newest first."""
    return [_row(row) for row in db.execute(f"{_SELECT} ORDER BY id DESC LIMIT ?", (limit,))]


def forget_old(db: sqlite3.Connection, keep: int = _MAX_KEPT) -> int:
    """Delete all but the newest `keep`; how many."""
    return db.execute("DELETE FROM operation WHERE id <= (SELECT max(id) FROM operation) - ?", (keep,)).rowcount


def _last_seq(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT seq FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    return row[0] if row else 0


_Columns = tuple[int, int, str, str, str, str, int, int, int, int, str, int, int]


def _row(columns: _Columns) -> OperationRow:
    number, at_ms, who, verb, selection, reason, changed, busy, first, last, suspensions, undoes, undone_by = columns
    return OperationRow(
        number, at_ms, who, verb, _selection.decode(selection), reason, changed, busy, first, last,
        _numbers.decode(suspensions), undoes, undone_by,
    )  # fmt: skip
