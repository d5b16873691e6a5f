"""app.db: one connection, its settings, and its transactions.

Owns   opening and migrating the file, `reading` and `transaction`, and `version`, which changes with the content.
Knows  no table: each capability folder keeps its own named queries over this class.

Invariants
    durability   WAL and synchronous=FULL: what `transaction` committed survives a power cut.
    one writer   BEGIN IMMEDIATE, one transaction at a time on this connection; the command line writes to the same
                 file from its own process, and `version` tells.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite

from ...mta.crashpoint import reach
from .errors import NewerSchema, StoreError, mapped
from .migration import migrations

_SETTINGS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA auto_vacuum = INCREMENTAL",  # counts only before the first table
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)
_TRIES = 100  # times 50 ms: as patient as busy_timeout, which SQLite does not ask while a new file becomes WAL


class Transaction:
    """Statements of one transaction; all of them happen, or none."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def run(self, sql: str, *values: Any) -> int:
        """Execute, and say how many rows were changed."""
        with mapped():
            async with self._connection.execute(sql, values) as cursor:
                return cursor.rowcount

    async def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute once for each row of values."""
        with mapped():
            await self._connection.executemany(sql, rows)

    async def insert(self, sql: str, *values: Any) -> int:
        """Execute an INSERT, and give the new row's id."""
        with mapped():
            async with self._connection.execute(sql, values) as cursor:
                return cursor.lastrowid or 0

    async def rows(self, sql: str, *values: Any) -> list[Sequence[Any]]:
        with mapped():
            return [tuple(row) for row in await self._connection.execute_fetchall(sql, values)]

    async def row(self, sql: str, *values: Any) -> Sequence[Any] | None:
        found = await self.rows(sql, *values)
        return found[0] if found else None


class AppDatabase:
    """An open app.db. Every method raises StoreError (or Conflict) and nothing of sqlite3's."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()
        self._own_commits = 0

    @classmethod
    async def open(cls, path: Path) -> "AppDatabase":
        """Open the file, make it when it is absent, and bring it to the newest migration."""
        _make_private(path)
        with mapped():
            connection = await aiosqlite.connect(path, isolation_level=None)
            try:
                for setting in _SETTINGS:
                    await _when_free(connection, setting)
                await _migrate(connection, path)
            except BaseException:
                await connection.close()
                raise
        return cls(connection)

    async def close(self) -> None:
        await self._connection.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Commits when the block ends, rolls back when it raises."""
        async with self._between("BEGIN IMMEDIATE") as transaction:
            yield transaction
        self._own_commits += 1

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[Transaction]:
        """One consistent view of several tables; keep it short (DESIGN §4)."""
        async with self._between("BEGIN DEFERRED") as transaction:
            yield transaction

    @asynccontextmanager
    async def _between(self, begin: str) -> AsyncGenerator[Transaction]:
        async with self._turn:
            transaction = Transaction(self._connection)
            try:
                await transaction.rows(begin)
                yield transaction
                reach("app.commit.before")
                await transaction.rows("COMMIT")
                reach("app.commit.after")
            except BaseException:
                await self._roll_back()
                raise

    async def _roll_back(self) -> None:
        """Leave no transaction open, even when a cancelled statement is still under way in the database's thread."""
        with mapped():
            await self._connection.execute_fetchall("SELECT 1")
            if self._connection.in_transaction:
                await self._connection.execute_fetchall("ROLLBACK")

    async def version(self) -> tuple[int, int]:
        """A value that differs after any commit, of this process or another."""
        async with self._turn:
            with mapped():
                ((others,),) = await self._connection.execute_fetchall("PRAGMA data_version")
        return others, self._own_commits


def _make_private(path: Path) -> None:
    """SQLite gives its -wal and -shm files the mode of the main one; all of them hold verifiers of secrets."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(0o600)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error


async def _when_free(connection: aiosqlite.Connection, setting: str) -> None:
    for left in reversed(range(_TRIES)):
        try:
            await connection.execute_fetchall(setting)
        except sqlite3.OperationalError as error:
            if not left or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            await asyncio.sleep(0.05)
        else:
            return


async def _migrate(connection: aiosqlite.Connection, path: Path) -> None:
    """One migration, one transaction; another process that migrates at the same time is waited for."""
    known = migrations()
    while (reached := await _reached(connection)) < len(known):
        await connection.execute_fetchall("BEGIN IMMEDIATE")
        if await _reached(connection) == reached:
            for statement in known[reached].statements:
                await connection.execute_fetchall(statement)
            await connection.execute_fetchall(f"PRAGMA user_version = {known[reached].number}")
        await connection.execute_fetchall("COMMIT")
    if reached > len(known):
        raise NewerSchema(f"{path} was written by a later version of Youtong")


async def _reached(connection: aiosqlite.Connection) -> int:
    ((number,),) = await connection.execute_fetchall("PRAGMA user_version")
    return number
