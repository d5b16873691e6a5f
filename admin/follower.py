"""The follower: reads the journal of queue.db by sequence and applies its effects to app.db.

Owns   the effect of a journal row (in this form: counters per account, day and kind) and the cursor.
Knows  nothing of how the rows came about; opens queue.db read-only.

Invariants
    The jobs process runs one follower of a name, so the cursor that was read is still true when the page is applied.
    Q9  an effect and the cursor that passes it are one transaction of app.db: each effect happens exactly once.
"""

import asyncio
import datetime
import logging
import sqlite3
from collections import Counter
from pathlib import Path

from ..queue.storage.database import StorageError, connect
from .store import AppDatabase, StoreError
from .store.database import Transaction

_log = logging.getLogger("youtong.jobs")
_NAME = "counters"
_PAGE = 5000
_POLL_SECONDS = 1.0  # also under load: a look costs as much as reading a hundred rows
_BREATH_SECONDS = 0.01  # between full pages, in which others may write app.db
_DAY_MS = 86_400_000

Row = tuple[int, int, str, int]


class JournalFollower:
    def __init__(self, queue_db: Path, app: AppDatabase) -> None:
        self._queue_db, self._app = queue_db, app

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            applied = 0
            try:
                applied = await self.step()
            except (sqlite3.Error, StoreError) as error:
                _log.warning("journal not followed error=%s", error)
            await asyncio.sleep(_BREATH_SECONDS if applied == _PAGE else _POLL_SECONDS)

    async def step(self) -> int:
        """Apply one page; how many rows it had. Raises sqlite3.Error, StoreError."""
        after = await self._cursor()
        rows = await asyncio.to_thread(self._read, after)  # nobody waits for app.db meanwhile
        if rows:
            async with self._app.transaction() as transaction:
                await self._apply(transaction, rows)
        return len(rows)

    async def _cursor(self) -> int:
        async with self._app.reading() as transaction:
            found = await transaction.row("SELECT seq FROM follower WHERE name = ?", _NAME)
        return found[0] if found else 0

    def _read(self, after: int) -> list[Row]:
        connection = connect(self._queue_db, read_only=True)
        try:
            return connection.execute(
                "SELECT seq, at_ms, kind, account_id FROM journal WHERE seq > ? ORDER BY seq LIMIT ?", (after, _PAGE)
            ).fetchall()
        finally:
            connection.close()

    async def _apply(self, transaction: Transaction, rows: list[Row]) -> None:
        counts = Counter((account_id, at_ms // _DAY_MS, kind) for _, at_ms, kind, account_id in rows)
        for (account_id, day, kind), count in counts.items():
            await transaction.run(
                "INSERT INTO counter (account_id, day, kind, count) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET count = count + excluded.count",
                account_id,
                _iso(day),
                kind,
                count,
            )
        await transaction.run(
            "INSERT INTO follower (name, seq) VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq",
            _NAME,
            rows[-1][0],
        )


async def followed_up_to(app: AppDatabase) -> int:
    """The journal's number that every follower has passed; 0 while none has begun. Raises StorageError."""
    try:
        async with app.reading() as transaction:
            found = await transaction.row("SELECT min(seq) FROM follower")
    except StoreError as error:
        raise StorageError(str(error)) from error
    return (found[0] or 0) if found else 0


def _iso(day: int) -> str:
    """Days are counted from the epoch, in UTC."""
    return datetime.datetime.fromtimestamp(day * _DAY_MS / 1000, datetime.UTC).date().isoformat()
