"""Statements of housekeeping: content and rows that nobody needs any more, and free pages.

Owns   which content may go, and how few rows each step looks at.
Knows  no retention time. Each function is part of an operation of GroupCommit and atomic with it.
"""

import sqlite3
from collections.abc import Callable, Sequence

import msgspec

_SPARE_PAGES = 4096
"""16 MiB of free pages stay for the mail to come; so does a fifth of a large file. Giving back what is needed again
costs twice."""
_SPARE_SHARE = 5

_CONTENTS = """
SELECT c.id, ifnull(m.received_ms, v.at_ms), ifnull(m.stream_id, v.stream_id)
FROM content AS c LEFT JOIN message AS m ON m.id = c.id LEFT JOIN revision AS v ON v.content_id = c.id
WHERE c.id > ? ORDER BY c.id LIMIT ?
"""
_CLOSED = """
SELECT s.run_state = 'stopped' OR m.expires_ms < ? FROM stream AS s JOIN message AS m ON m.id = s.message_id
WHERE s.id = ?
"""
_TOUCH = "SELECT substr(body, -1) FROM content WHERE id = ?"  # its pages are in the file cache when they are freed
_NEEDED = "SELECT 1 FROM recipient WHERE message_id = ? AND (state < 10 OR notice = 1) LIMIT 1"
_ANY = "SELECT 1 FROM recipient WHERE message_id = ? LIMIT 1"


class Found(msgspec.Struct, frozen=True):
    """Contents that may go; `last`: the last one looked at, None at the end of what is old enough."""

    ids: tuple[int, ...]
    last: int | None


class Swept(msgspec.Struct, frozen=True):
    """What a step of deleting did; the files belong to rows that are gone once it is committed."""

    looked_at: int
    deleted: int
    spool_names: tuple[str, ...]


def find_ended_content(db: sqlite3.Connection, after: int, before_ms: int, limit: int) -> Found:
    """Contents of ended messages received before `before_ms`, some beyond `after`. On a read-only connection.

    A content has the number of the message that brought it, or one of its own as a later text of a stream; numbers are
    given in the order of arrival: the first that is younger ends the walk.
    """
    rows = db.execute(_CONTENTS, (after, limit)).fetchall()
    ids: list[int] = []
    for content_id, received_ms, stream_id in rows:
        if received_ms is not None and received_ms >= before_ms:
            return Found(tuple(ids), None)
        if received_ms is not None and _is_over(db, content_id, stream_id, before_ms):
            ids.append(content_id)
            db.execute(_TOUCH, (content_id,)).fetchone()
    return Found(tuple(ids), rows[-1][0] if len(rows) == limit else None)


def delete_content(db: sqlite3.Connection, ids: Sequence[int], is_over: Callable[[], bool]) -> Swept:
    """Forget these from the beginning until `is_over`, at least one. Nothing is asked: what has ended stays ended."""
    names: list[str] = []
    deleted = 0
    for looked_at, content_id in enumerate(ids, start=1):
        gone = db.execute("DELETE FROM content WHERE id = ? RETURNING spool", (content_id,)).fetchall()
        names += [row[0] for row in gone if row[0]]
        deleted += len(gone)
        if is_over():
            return Swept(looked_at, deleted, tuple(names))
    return Swept(len(ids), deleted, tuple(names))


def _is_over(db: sqlite3.Connection, content_id: int, stream_id: int, before_ms: int) -> bool:
    """Nobody joins a stream that is stopped or late; its millions of recipients go to the archive first."""
    if stream_id:
        closed = db.execute(_CLOSED, (before_ms, stream_id)).fetchone()
        return bool(closed and closed[0]) and db.execute(_ANY, (stream_id,)).fetchone() is None
    return db.execute(_NEEDED, (content_id,)).fetchone() is None


def forget_connects(db: sqlite3.Connection, before_ms: int, limit: int) -> int:
    """Delete old connects, at most `limit`; how many."""
    return db.execute(
        "DELETE FROM connect WHERE rowid IN (SELECT rowid FROM connect WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
        (before_ms, limit),
    ).rowcount


def give_back_pages(db: sqlite3.Connection, is_over: Callable[[], bool]) -> bool:
    """Give free pages beyond a reserve back to the disk; whether there are more to give."""
    for _ in range(_surplus(db)):
        db.execute("PRAGMA incremental_vacuum(1)")  # the driver takes one step of this statement, which is one page
        if is_over():
            break
    return _surplus(db) > 0


def _surplus(db: sqlite3.Connection) -> int:
    free = db.execute("PRAGMA freelist_count").fetchone()[0]
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    return free - max(_SPARE_PAGES, pages // _SPARE_SHARE)
