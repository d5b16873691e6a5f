"""The follower: reads the journal of queue.db by sequence and applies its effects to app.db.

Owns   reading pages, their effects (counters per account, day and kind; fates; suppressions), and the cursor.
Knows  nothing of how the rows came about; opens queue.db read-only. Which fate a row counts for is
       admin.returns.fate_counting, whom it suppresses admin.suppression.following.

Invariants
    The jobs process runs one follower of a name, so the cursor that was read is still true when the page is applied.
    Q9  an effect and the cursor that passes it are one transaction of app.db: each effect happens exactly once.
"""

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from ..queue.classes import MailClass
from ..queue.journal import CAME_BACK, Facts, JournalKind, decode_facts, kind_of
from ..queue.returns.whose import Whose, whose
from ..queue.storage.database import StorageError, connect
from .returns import fate_counting
from .returns.fate_counting import Counted, iso_day
from .returns.rules_in_force import RulesInForce
from .store import AppDatabase, StoreError
from .store.database import Transaction
from .suppression.following import Heard, concerns, may_lift_any, suppress_from

_log = logging.getLogger("youtong.jobs")
_NAME = "counters"
_PAGE = 5000
_POLL_SECONDS = 1.0  # also under load: a look costs as much as reading a hundred rows
_BREATH_SECONDS = 0.01  # between full pages, in which others may write app.db
_DAY_MS = 86_400_000

_READ_WHOLE = frozenset({*CAME_BACK, JournalKind.BOUNCED})
"""Kinds whose facts count; those of others are not read."""
_ROWS = f"""
SELECT j.seq, j.at_ms, j.kind, j.account_id, j.recipient_id, ifnull(m.stream_id, 0), ifnull(m.mail_class, ''),
       CASE WHEN j.kind IN ({", ".join(f"'{kind}'" for kind in sorted(_READ_WHOLE))}) THEN j.facts ELSE '' END
FROM journal AS j LEFT JOIN message AS m ON m.id = j.message_id WHERE j.seq > ? ORDER BY j.seq LIMIT ?
"""
_NO_FACTS = Facts()
_CLASSES = frozenset(MailClass)


class Row(msgspec.Struct, frozen=True):
    """A journal row, with what its message says. `facts` are empty unless its kind is read whole."""

    seq: int
    at_ms: int
    kind: JournalKind
    account_id: int
    recipient_id: int
    stream_id: int
    mail_class: str
    facts: Facts


class JournalFollower:
    def __init__(self, queue_db: Path, app: AppDatabase, rules: RulesInForce) -> None:
        self._queue_db, self._app, self._rules = queue_db, app, rules

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            applied = 0
            try:
                applied = await self.step()
            except (sqlite3.Error, StorageError, StoreError) as error:
                _log.warning("journal not followed error=%s", error)
            await asyncio.sleep(_BREATH_SECONDS if applied == _PAGE else _POLL_SECONDS)

    async def step(self) -> int:
        """Apply one page; how many rows it had. Raises sqlite3.Error, StorageError, StoreError."""
        async with self._app.reading() as transaction:
            after = await _cursor(transaction)
            lifts = await may_lift_any(transaction)
        rows = await asyncio.to_thread(self._read, after)  # nobody waits for app.db meanwhile
        if rows:
            heard = await asyncio.to_thread(self._heard, rows, lifts)
            async with self._app.transaction() as transaction:
                await self._apply(transaction, rows, heard)
        return len(rows)

    def _read(self, after: int) -> list[Row]:
        with closing(connect(self._queue_db, read_only=True)) as connection:
            return [_row(each) for each in connection.execute(_ROWS, (after, _PAGE))]

    def _heard(self, rows: Sequence[Row], lifts: bool) -> list[Heard]:
        """Rows that may change the book of suppressions, with whom they are about."""
        wanted = [row for row in rows if row.recipient_id and concerns(row.kind, row.facts, lifts=lifts)]
        known = whose(self._queue_db.parent, {row.recipient_id for row in wanted})
        return [_about(row, known[row.recipient_id]) for row in wanted if row.recipient_id in known]

    async def _apply(self, transaction: Transaction, rows: Sequence[Row], heard: Sequence[Heard]) -> None:
        await _count_kinds(transaction, rows)
        counted = [
            Counted(row.at_ms, row.kind, row.account_id, row.facts.stream or row.stream_id, row.facts) for row in rows
        ]
        await fate_counting.count(transaction, fate_counting.changes(counted, self._rules.kind_of))
        await suppress_from(transaction, heard, self._rules.rules)
        await transaction.run(
            "INSERT INTO follower (name, seq) VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq",
            _NAME,
            rows[-1].seq,
        )


async def followed_up_to(app: AppDatabase) -> int:
    """The journal's number that every follower has passed; 0 while none has begun. Raises StorageError."""
    try:
        async with app.reading() as transaction:
            found = await transaction.row("SELECT min(seq) FROM follower")
    except StoreError as error:
        raise StorageError(str(error)) from error
    return (found[0] or 0) if found else 0


async def _cursor(transaction: Transaction) -> int:
    found = await transaction.row("SELECT seq FROM follower WHERE name = ?", _NAME)
    return found[0] if found else 0


async def _count_kinds(transaction: Transaction, rows: Sequence[Row]) -> None:
    counts = Counter((row.account_id, row.at_ms // _DAY_MS, row.kind.value) for row in rows)
    for (account_id, day, kind), count in counts.items():
        await transaction.run(
            "INSERT INTO counter (account_id, day, kind, count) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET count = count + excluded.count",
            account_id,
            iso_day(day),
            kind,
            count,
        )


def _row(columns: tuple[int, int, str, int, int, int, str, str]) -> Row:
    seq, at_ms, kind, account_id, recipient_id, stream_id, mail_class, facts = columns
    decoded = decode_facts(facts) if facts else _NO_FACTS
    return Row(seq, at_ms, kind_of(kind), account_id, recipient_id, stream_id, mail_class, decoded)


def _about(row: Row, who: Whose) -> Heard:
    mail_class = MailClass(who.mail_class) if who.mail_class in _CLASSES else MailClass.BULK  # of a damaged row
    return Heard(row.seq, row.at_ms, row.kind, row.account_id, row.recipient_id, who.address, mail_class, row.facts)
