"""Recipients of whom something came back: the table `returned`, and what of a recipient's row is asked then.

Owns   the SQL. Those that write are part of an operation of GroupCommit.
Knows  no rule: which news changes which fate is queue.returns'.
"""

import sqlite3
from collections.abc import Callable

import msgspec

from ..returns.fates import FATE_OF_ENDING
from .rows import JournalEntry

_NEAR = 50
"""Facts looked at for an ending: behind it stand a notice and what was heard, a few rows of each sort."""
_ABOUT = """
SELECT r.id, r.message_id, m.account_id, r.state, r.journal_seq, m.verp_domain, m.stream_id
FROM recipient AS r JOIN message AS m ON m.id = r.message_id WHERE r.id = ?
"""
_CHAIN = """
WITH RECURSIVE chain (seq, at_ms, kind, account_id, message_id, recipient_id, prev_seq, facts) AS (
    SELECT * FROM journal WHERE seq = ?
    UNION ALL
    SELECT j.* FROM chain AS c JOIN journal AS j ON j.seq = c.prev_seq WHERE c.prev_seq > 0
)
SELECT * FROM chain LIMIT ?
"""


class About(msgspec.Struct, frozen=True):
    """A recipient, here or in the archive."""

    id: int
    message_id: int
    account_id: int
    state: int
    journal_seq: int  # newest fact, to which the next is chained
    verp_domain: str
    stream_id: int  # 0: of no stream
    ended_ms: int = 0  # 0: it has not
    is_archived: bool = False


class ReturnedRow(msgspec.Struct, frozen=True):
    """What is kept of what came back about one recipient."""

    recipient_id: int
    fate: str = ""
    ended_ms: int = 0
    heard: dict[str, int] = {}
    journal_seq: int = 0
    at_ms: int = 0


_heard = msgspec.json.Decoder(dict[str, int])


def about(db: sqlite3.Connection, recipient_id: int) -> About | None:
    """None: it is not here."""
    row = db.execute(_ABOUT, (recipient_id,)).fetchone()
    if row is None:
        return None
    return About(*row, ended_ms=ended_ms(db.execute(_CHAIN, (row[4], _NEAR)).fetchall()))


def ended_ms(newest_first: list[JournalEntry]) -> int:
    """When the fact that ended a recipient was written; 0 when none of these did."""
    return next((entry[1] for entry in newest_first if entry[2] in FATE_OF_ENDING), 0)


def returned(db: sqlite3.Connection, recipient_id: int) -> ReturnedRow:
    """An empty one when nothing was heard yet."""
    row = db.execute(
        "SELECT recipient_id, fate, ended_ms, heard, journal_seq, at_ms FROM returned WHERE recipient_id = ?",
        (recipient_id,),
    ).fetchone()
    if row is None:
        return ReturnedRow(recipient_id)
    number, fate, ended, heard, journal_seq, at_ms = row
    return ReturnedRow(number, fate, ended, _heard.decode(heard), journal_seq, at_ms)


def put(db: sqlite3.Connection, row: ReturnedRow) -> None:
    db.execute(
        "INSERT OR REPLACE INTO returned (recipient_id, fate, ended_ms, heard, journal_seq, at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (row.recipient_id, row.fate, row.ended_ms, msgspec.json.encode(row.heard).decode(), row.journal_seq, row.at_ms),
    )


def point_to(db: sqlite3.Connection, recipient_id: int, journal_seq: int) -> None:
    """The newest fact about a recipient that nobody attempts at this moment."""
    db.execute("UPDATE recipient SET journal_seq = ? WHERE id = ? AND state != 1", (journal_seq, recipient_id))


def newest_seq(db: sqlite3.Connection, recipient_id: int) -> int:
    """The newest fact that was heard after the recipient had left for the archive; 0 when there is none."""
    row = db.execute("SELECT journal_seq FROM returned WHERE recipient_id = ?", (recipient_id,)).fetchone()
    return row[0] if row else 0


def chain(db: sqlite3.Connection, newest: int, limit: int) -> list[JournalEntry]:
    """Newest first."""
    return db.execute(_CHAIN, (newest, limit)).fetchall()


def forget(db: sqlite3.Connection, before_ms: int, limit: int, is_over: Callable[[], bool]) -> int:
    """Of recipients who are not here any more, rows and facts without news since then; how many were looked at."""
    rows = db.execute(
        "SELECT recipient_id, journal_seq FROM returned WHERE at_ms < ? ORDER BY at_ms LIMIT ?", (before_ms, limit)
    ).fetchall()
    for count, (recipient_id, newest) in enumerate(rows, start=1):
        seqs = [(entry[0],) for entry in chain(db, newest, 1000)] if newest else []
        db.executemany("DELETE FROM journal WHERE seq = ?", seqs)
        db.execute("DELETE FROM returned WHERE recipient_id = ?", (recipient_id,))
        if is_over():
            return count
    return len(rows)
