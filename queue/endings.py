"""Endings without a lease: what becomes of scheduled and held recipients that no attempt will be made for.

Owns   bounce for want of a route, expiry, and hold, each with its journal row and owed notice.
Knows  nothing of leases.
"""

from collections.abc import Callable, Iterable

from ..mta.clock import Clock
from ..mta.outcome import Failed
from .journal import AttemptPlace, Facts, JournalKind, attempt_facts
from .owed import owes_notice
from .states import Event, RecipientState
from .storage.group_commit import GroupCommit
from .storage.rows import DueRow
from .storage.store import QueueStore


class Endings:
    def __init__(
        self, commits: GroupCommit, store: QueueStore, clock: Clock, notice_owed: Callable[[int], None]
    ) -> None:
        """`notice_owed(message_id)` is called after the commit."""
        self._commits, self._store, self._clock, self._notice_owed = commits, store, clock, notice_owed

    async def bounce(self, rows: list[DueRow], outcome: Failed) -> None:
        """No attempt can ever be made. Raises StorageError, having changed nothing."""
        place = AttemptPlace(0, "", "", "", 0, mailed=False)
        facts = attempt_facts(outcome, place)
        await self._end(rows, RecipientState.SCHEDULED, Event.BOUNCE, JournalKind.BOUNCED, facts)

    async def expire(self, rows: list[DueRow]) -> None:
        """Too old. Raises StorageError, having changed nothing."""
        await self._end(rows, RecipientState.SCHEDULED, Event.EXPIRE, JournalKind.EXPIRED, Facts())

    async def expire_held(self, rows: list[DueRow]) -> None:
        await self._end(rows, RecipientState.HELD, Event.EXPIRE, JournalKind.EXPIRED, Facts())

    async def hold(self, rows: list[DueRow], reason: str) -> None:
        """Until somebody releases it."""
        await self._end(rows, RecipientState.SCHEDULED, Event.HOLD, JournalKind.HELD, Facts(reason=reason))

    async def _end(
        self, rows: list[DueRow], old: RecipientState, event: Event, kind: JournalKind, facts: Facts
    ) -> None:
        owed = await self._commits.submit(lambda _: self._record(rows, old, event, kind, facts))
        for message_id in owed:
            self._notice_owed(message_id)

    def _record(
        self, rows: Iterable[DueRow], old: RecipientState, event: Event, kind: JournalKind, facts: Facts
    ) -> set[int]:
        owed: set[int] = set()
        now_ms = self._clock.now_ms()
        for row in rows:
            notice = owes_notice(event, row)
            seq = self._store.counters.journal()
            next_ms = row.expires_ms if event is Event.HOLD else None
            if self._store.move(row.id, old, event, seq, next_ms=next_ms, notice=int(notice)):
                self._store.journal(seq, now_ms, kind, row.account_id, row.message_id, row.id, row.journal_seq, facts)
                owed |= {row.message_id} if notice else set()
        return owed
