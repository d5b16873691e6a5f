"""The follower: each journal row's effect happens exactly once (Q9)."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from youtong.admin.follower import JournalFollower
from youtong.admin.store import AppDatabase, StoreError
from youtong.queue.journal import Facts, JournalKind
from youtong.queue.storage.database import connect, migrate
from youtong.queue.storage.store import QueueStore

DAY_MS = 86_400_000


class Journal:
    """A queue.db that somebody else writes."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)
        migrate(self._connection)
        self._store = QueueStore(self._connection)

    def add(self, kind: JournalKind, account_id: int = 1, at_ms: int = 0) -> None:
        seq = self._store.counters.journal()
        self._store.journal(seq, at_ms, kind, account_id, 1, 1, 0, Facts())

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def journal(tmp_path: Path):
    made = Journal(tmp_path / "queue.db")
    yield made
    made.close()


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[AppDatabase]:
    made = await AppDatabase.open(tmp_path / "app.db")
    yield made
    await made.close()


def counted(tmp_path: Path) -> dict[tuple[int, str, str], int]:
    connection = sqlite3.connect(tmp_path / "app.db")
    try:
        rows = connection.execute("SELECT account_id, day, kind, count FROM counter").fetchall()
        return {(account_id, day, kind): count for account_id, day, kind, count in rows}
    finally:
        connection.close()


async def test_rows_are_counted_by_account_day_and_kind(journal: Journal, app: AppDatabase, tmp_path: Path) -> None:
    journal.add(JournalKind.DELIVERED)
    journal.add(JournalKind.DELIVERED)
    journal.add(JournalKind.BOUNCED, account_id=2)
    journal.add(JournalKind.DELIVERED, at_ms=DAY_MS)
    assert await JournalFollower(tmp_path / "queue.db", app).step() == 4
    assert counted(tmp_path) == {
        (1, "1970-01-01", "delivered"): 2,
        (2, "1970-01-01", "bounced"): 1,
        (1, "1970-01-02", "delivered"): 1,
    }


async def test_another_follower_goes_on_where_the_first_one_stood(
    journal: Journal, app: AppDatabase, tmp_path: Path
) -> None:
    journal.add(JournalKind.DELIVERED)
    await JournalFollower(tmp_path / "queue.db", app).step()
    journal.add(JournalKind.DELIVERED)
    follower = JournalFollower(tmp_path / "queue.db", app)
    assert await follower.step() == 1
    assert await follower.step() == 0
    assert counted(tmp_path) == {(1, "1970-01-01", "delivered"): 2}


async def test_an_effect_that_cannot_be_written_leaves_the_cursor_where_it_was(
    journal: Journal, app: AppDatabase, tmp_path: Path
) -> None:
    journal.add(JournalKind.DELIVERED)
    follower = JournalFollower(tmp_path / "queue.db", app)
    with sqlite3.connect(tmp_path / "app.db") as other:
        other.execute("CREATE TRIGGER refuse BEFORE INSERT ON follower BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(StoreError):
        await follower.step()
    assert counted(tmp_path) == {}
    with sqlite3.connect(tmp_path / "app.db") as other:
        other.execute("DROP TRIGGER refuse")
    other.close()
    assert await follower.step() == 1
    assert counted(tmp_path) == {(1, "1970-01-01", "delivered"): 1}
