"""Rows of what left by minutes, and of recovered MAILs: statements, each part of an operation of GroupCommit.

Owns   the tables sent_minute and recovered_mail.
Knows  nothing of windows; queue.lanes.minutes says what is counted, queue.lanes.history what the rows mean.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class SentMinute(NamedTuple):
    """One row: `site` "" stands for all sites of the lane together."""

    provider: str
    source: str
    site: str
    minute_ms: int
    mails: int
    connects: int


class RecoveredMail(NamedTuple):
    """MAILs of recovered leases to a domain."""

    at_ms: int
    domain: str
    mails: int


def add_minutes(db: sqlite3.Connection, minutes: Iterable[SentMinute]) -> None:
    """Add to what is counted."""
    db.executemany(
        "INSERT INTO sent_minute (provider, source, site, minute_ms, mails, connects) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET mails = mails + excluded.mails, connects = connects + excluded.connects",
        minutes,
    )


def minutes_since(db: sqlite3.Connection, since_ms: int) -> list[SentMinute]:
    query = "SELECT provider, source, site, minute_ms, mails, connects FROM sent_minute WHERE minute_ms >= ?"
    return [SentMinute(*row) for row in db.execute(query, (since_ms,))]


def add_recovered(db: sqlite3.Connection, at_ms: int, mails: Sequence[tuple[int, int]]) -> None:
    """MAILs of recovered leases as (domain id, how many)."""
    db.executemany(
        "INSERT INTO recovered_mail (at_ms, domain, mails) SELECT ?, name, ? FROM domain WHERE id = ?",
        [(at_ms, count, domain_id) for domain_id, count in mails],
    )


def recovered_since(db: sqlite3.Connection, since_ms: int) -> list[RecoveredMail]:
    query = "SELECT at_ms, domain, mails FROM recovered_mail WHERE at_ms >= ? ORDER BY at_ms"
    return [RecoveredMail(*row) for row in db.execute(query, (since_ms,))]


def forget_sent(db: sqlite3.Connection, before_ms: int, limit: int) -> int:
    """Delete a page of what no window counts any more; how many rows."""
    minutes = db.execute(
        "DELETE FROM sent_minute WHERE (provider, source, site, minute_ms) IN"
        " (SELECT provider, source, site, minute_ms FROM sent_minute WHERE minute_ms < ? LIMIT ?)",
        (before_ms, limit),
    )
    recovered = db.execute(
        "DELETE FROM recovered_mail WHERE rowid IN (SELECT rowid FROM recovered_mail WHERE at_ms < ? LIMIT ?)",
        (before_ms, limit),
    )
    return minutes.rowcount + recovered.rowcount
