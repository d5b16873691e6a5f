"""Pages of rows that are equal but for their number: what they cost together grows as the rows do, not as their square.

Cost is what SQLite counts itself: the steps of its machine, in hundreds.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from bench.filling import fill
from youtong.queue.operators.operations import Selection
from youtong.queue.states import RecipientState
from youtong.queue.storage import due_times, expiry_rows, walks
from youtong.queue.storage.database import connect, migrate
from youtong.queue.storage.store import QueueStore

NOW_MS = 1_700_000_000_000
PAGE = 100


def equal_rows(path: Path, recipients: int) -> sqlite3.Connection:
    """All of one domain, flow and moment; and as many messages whose time ends at one moment."""
    fill(path, recipients, NOW_MS, domains=1)
    db = connect(path)
    migrate(db)
    db.execute("UPDATE recipient SET flow_id = 1, next_ms = ?", (NOW_MS,))
    db.execute("UPDATE message SET expires_ms = ?", (NOW_MS,))
    db.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO message"
        " SELECT 1000000 + i, content_id, stream_id, account_id, credential_id, mail_class, reverse_path, body_type,"
        " smtputf8, ret, envid, size_bytes, eight_bit, received_ms, expires_ms, source, is_notice,"
        " verp_domain, path_kept FROM n, message WHERE message.id = 1",
        (recipients,),
    )
    return db


def due(db: sqlite3.Connection) -> int:
    store, after, read = QueueStore(db), (-1, -1), 0
    while rows := store.due_recipients(1, 1, NOW_MS, after, PAGE):
        after, read = (rows[-1].next_ms, rows[-1].id), read + len(rows)
    return read


def walked(db: sqlite3.Connection) -> int:
    cursor, read = walks.START, 0
    while cursor is not None:
        page = walks.page(db, Selection(domain="d1.deep.test"), RecipientState.SCHEDULED, cursor)
        cursor, read = page.cursor, read + len(page.rows)
    return read


def expired(db: sqlite3.Connection) -> int:
    after, read = (0, 0), 0
    while rows := expiry_rows.expired_messages(db, after, NOW_MS, PAGE):
        after, read = rows[-1], read + sum(number > 1_000_000 for _, number in rows)
    return read


def brought_forward(db: sqlite3.Connection) -> int:
    store, after, pages = QueueStore(db), (0, 0, 0, 0), 0
    while after is not None:
        after, pages = due_times.bring_forward(db, store, after, NOW_MS, 0, PAGE), pages + 1
    return (pages - 1) * PAGE


@pytest.mark.parametrize("read", [due, walked, expired, brought_forward])
def test_a_page_among_rows_of_one_moment_does_not_look_at_those_before_it(
    tmp_path: Path, read: Callable[[sqlite3.Connection], int]
) -> None:
    costs: dict[int, int] = {}
    for rows in (2000, 8000):
        db = equal_rows(tmp_path / f"{rows}.db", rows)
        steps = 0

        def counted() -> int:
            nonlocal steps
            steps += 1
            return 0

        db.set_progress_handler(counted, 100)
        assert read(db) == rows
        costs[rows] = steps
        db.close()
    assert costs[8000] < 5 * costs[2000]
