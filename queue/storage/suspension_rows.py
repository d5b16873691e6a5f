"""Rows of the table `suspension`: what is stopped or slowed, and what was.

Owns   the SQL over it, and the form of a row.
Knows  nothing of the book in memory (queue.pace.suspensions). Each function is part of an operation of GroupCommit and
       atomic with it, or reads on a connection of its own.

A row is in force while `ended_ms` is NULL and `until_ms` is NULL or still to come: time ends it without a statement.
"""

import logging
import sqlite3
from collections.abc import Iterable, Iterator

import msgspec

from ..limits import RateLimit
from ..pace.suspensions import Suspension, SuspensionScope

_log = logging.getLogger("youtong.queue")

_COLUMNS = (
    "id, scope, subject, source, sender_domain, stop, share, rate_count, rate_seconds, connections, since_ms, until_ms,"
    " rule, reply, reason, who"
)
_SELECT = f"SELECT {_COLUMNS}, operation, ended_ms, ended_by FROM suspension"
_IN_FORCE = "ended_ms IS NULL AND (until_ms IS NULL OR until_ms > ?)"
_MAX_KEPT = 10_000  # ended ones; a receiver that stops and slows in turns makes some hundred a day


class SuspensionRow(msgspec.Struct, frozen=True):
    """A suspension as it is kept."""

    suspension: Suspension
    operation: int = 0  # that made it; 0: a reply did
    ended_ms: int | None = None  # somebody ended it before its time
    ended_by: str = ""

    def is_in_force(self, now_ms: int) -> bool:
        return self.ended_ms is None and not self.suspension.is_over(now_ms)


def put(db: sqlite3.Connection, suspension: Suspension, operation: int = 0) -> None:
    """A new one, or one that lasts longer now."""
    rate = suspension.message_rate
    db.execute(
        f"INSERT INTO suspension ({_COLUMNS}, operation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET until_ms = excluded.until_ms, reply = excluded.reply",
        (
            suspension.id, suspension.scope.value, suspension.subject, suspension.source, suspension.sender_domain,
            int(suspension.stop), suspension.share, rate.count if rate else 0, rate.seconds if rate else 0.0,
            suspension.connections, suspension.since_ms, suspension.until_ms, suspension.rule, suspension.reply,
            suspension.reason, suspension.who, operation,
        ),
    )  # fmt: skip


def end(db: sqlite3.Connection, suspension_id: int, now_ms: int, who: str) -> bool:
    """Somebody ended it; False when it was not in force."""
    changed = db.execute(
        f"UPDATE suspension SET ended_ms = ?2, ended_by = ?3 WHERE id = ?1 AND {_IN_FORCE.replace('?', '?2')}",
        (suspension_id, now_ms, who),
    )
    return changed.rowcount == 1


def revive(db: sqlite3.Connection, suspension_id: int, now_ms: int) -> SuspensionRow | None:
    """It was ended by somebody and its time has not come: in force again, and what it is; None otherwise."""
    db.execute(
        "UPDATE suspension SET ended_ms = NULL, ended_by = '' WHERE id = ?1 AND ended_ms IS NOT NULL"
        " AND (until_ms IS NULL OR until_ms > ?2)",
        (suspension_id, now_ms),
    )
    row = one(db, suspension_id)
    return row if row is not None and row.is_in_force(now_ms) else None


def one(db: sqlite3.Connection, suspension_id: int) -> SuspensionRow | None:
    row = db.execute(f"{_SELECT} WHERE id = ?", (suspension_id,)).fetchone()
    return _row(row) if row else None


def in_force(db: sqlite3.Connection, now_ms: int) -> list[SuspensionRow]:
    """Oldest first."""
    rows = db.execute(f"{_SELECT} WHERE {_IN_FORCE} ORDER BY id", (now_ms,))
    return list(_sound(rows))


def history(db: sqlite3.Connection, limit: int) -> list[SuspensionRow]:
    """In force or ended, newest first."""
    return list(_sound(db.execute(f"{_SELECT} ORDER BY id DESC LIMIT ?", (limit,))))


def last_id(db: sqlite3.Connection) -> int:
    """The largest number that was ever used."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'suspension'").fetchone()
    return row[0] if row else 0


def forget_old(db: sqlite3.Connection, now_ms: int, keep: int = _MAX_KEPT) -> int:
    """Delete history beyond the newest `keep` rows; how many."""
    deleted = db.execute(
        f"DELETE FROM suspension WHERE id <= (SELECT max(id) FROM suspension) - ? AND NOT ({_IN_FORCE})",
        (keep, now_ms),
    )
    return deleted.rowcount


_Columns = tuple[
    int, str, str, str, str, int, float, int, float, int, int, int | None, str, str, str, str, int, int | None, str
]


def _sound(rows: Iterable[_Columns]) -> Iterator[SuspensionRow]:
    """Without those that are damaged: nobody can say what they stop, and a start does without them."""
    for row in rows:
        try:
            yield _row(row)
        except (ValueError, TypeError) as error:
            _log.error("a damaged row is passed over suspension=%d error=%s", row[0], error)


def _row(columns: _Columns) -> SuspensionRow:
    (
        number, scope, subject, source, sender, stop, share, count, seconds, connections, since_ms, until_ms, rule,
        reply, reason, who, operation, ended_ms, ended_by,
    ) = columns  # fmt: skip
    rate = RateLimit(count, seconds, rule or who) if count else None
    suspension = Suspension(
        number, SuspensionScope(scope), subject, source, sender, bool(stop), share, rate, connections, since_ms,
        until_ms, rule, reply, reason, who,
    )  # fmt: skip
    return SuspensionRow(suspension, operation, ended_ms, ended_by)
