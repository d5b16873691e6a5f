"""app.db: settings, migrations, transactions, and noticing changes."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from youtong.admin.store import AppDatabase, Conflict, NewerSchema, StoreError
from youtong.admin.store.migration import migrations, split


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[AppDatabase]:
    opened = await AppDatabase.open(tmp_path / "var" / "app.db")
    yield opened
    await opened.close()


async def pragma(database: AppDatabase, name: str) -> object:
    async with database.reading() as transaction:
        row = await transaction.row(f"PRAGMA {name}")
    assert row is not None
    return row[0]


async def test_a_commit_survives_a_power_cut_by_these_settings(database: AppDatabase) -> None:
    assert [
        await pragma(database, name) for name in ("journal_mode", "synchronous", "foreign_keys", "auto_vacuum")
    ] == [*("wal", 2, 1, 2)]


async def test_only_we_may_read_the_file(database: AppDatabase, tmp_path: Path) -> None:
    assert [(tmp_path / "var" / name).stat().st_mode & 0o777 for name in ("app.db", "app.db-wal")] == [0o600, 0o600]


async def test_migrations_are_numbered_without_gaps_and_run_once(database: AppDatabase, tmp_path: Path) -> None:
    again = await AppDatabase.open(tmp_path / "var" / "app.db")
    assert await pragma(again, "user_version") == migrations()[-1].number
    await again.close()


async def test_two_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    both = await asyncio.gather(*(AppDatabase.open(tmp_path / "app.db") for _ in range(4)))
    assert {await pragma(one, "user_version") for one in both} == {migrations()[-1].number}
    for one in both:
        await one.close()


async def test_a_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "app.db")
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    with pytest.raises(NewerSchema):
        await AppDatabase.open(tmp_path / "app.db")


async def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "app.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError):
        await AppDatabase.open(tmp_path / "app.db")


async def test_a_transaction_that_raises_changes_nothing(database: AppDatabase) -> None:
    with pytest.raises(KeyError):
        async with database.transaction() as transaction:
            await transaction.run("INSERT INTO follower VALUES ('counts', 1)")
            raise KeyError
    async with database.reading() as transaction:
        assert await transaction.rows("SELECT * FROM follower") == []


async def test_a_cancelled_transaction_leaves_none_open(database: AppDatabase) -> None:
    async def never_ends() -> None:
        async with database.transaction() as transaction:
            await transaction.run("INSERT INTO follower VALUES ('counts', 1)")
            begun.set()
            await asyncio.Event().wait()

    begun = asyncio.Event()
    task = asyncio.create_task(never_ends())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.transaction() as transaction:
        assert await transaction.rows("SELECT * FROM follower") == []


async def test_cancelling_while_begin_is_under_way_leaves_none_open(database: AppDatabase) -> None:
    async def begin() -> None:
        async with database.transaction():
            pass

    for turns in range(6):  # cancelled at each step of its way
        task = asyncio.create_task(begin())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with database.transaction() as transaction:
            await transaction.run("INSERT OR REPLACE INTO follower VALUES ('counts', ?)", turns)


async def test_a_broken_rule_is_a_conflict(database: AppDatabase) -> None:
    with pytest.raises(Conflict):
        async with database.transaction() as transaction:
            await transaction.run("INSERT INTO follower VALUES ('counts', -1)")


async def test_a_closed_database_is_a_store_error(tmp_path: Path) -> None:
    database = await AppDatabase.open(tmp_path / "app.db")
    await database.close()
    with pytest.raises(StoreError):
        await database.version()


async def test_version_tells_of_commits_here_and_elsewhere_and_of_nothing_else(
    database: AppDatabase, tmp_path: Path
) -> None:
    first = await database.version()
    assert await database.version() == first
    async with database.transaction() as transaction:
        await transaction.run("INSERT INTO follower VALUES ('here', 1)")
    second = await database.version()
    other = sqlite3.connect(tmp_path / "var" / "app.db")
    with other:
        other.execute("INSERT INTO follower VALUES ('elsewhere', 1)")
    other.close()
    third = await database.version()
    assert len({first, second, third}) == 3


def test_a_script_is_split_at_ends_of_statements_only() -> None:
    script = "-- a; comment\nCREATE TABLE a (b TEXT CHECK (b <> ';')); \nINSERT INTO a\nVALUES ('x');\n"
    assert len(split(script)) == 2


@pytest.mark.parametrize(
    "row",
    [
        "(1, 'a@example.com', 'sub', NULL, 0, NULL)",
        "(1, 'a@example.com', 'operator', NULL, 0, NULL)",
        "(1, 'operator', 'master', NULL, 0, NULL)",
        "(1, 'a@example.com', 'master', 1, 0, NULL)",
        "(1, 'a@example.com', 'guest', NULL, 0, NULL)",
    ],
)
async def test_the_schema_refuses_an_account_that_cannot_be(database: AppDatabase, row: str) -> None:
    with pytest.raises(Conflict):
        async with database.transaction() as transaction:
            await transaction.run(
                f"INSERT INTO account (id, name, kind, parent_id, created_ms, disabled_ms) VALUES {row}"
            )
