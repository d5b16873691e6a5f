"""Endings without a lease: what becomes of scheduled and held recipients that no attempt will be made for.

Owns   bounce for want of a route, expiry, hold, and what the gate stops, each with its journal row and owed notice.
Knows  nothing of leases.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from ..mta.clock import Clock
from ..mta.outcome import Failed
from .figures import Came, Figures
from .journal import AttemptPlace, Facts, JournalKind, attempt_facts
from .notices.owed import Asked, owes_notice
from .states import Event, RecipientState
from .storage.group_commit import GroupCommit
from .storage.rows import DueRow, Fact
from .storage.store import QueueStore

_COUNTED = {Event.BOUNCE: Came.BOUNCED, Event.EXPIRE: Came.EXPIRED, Event.SKIP: Came.SKIPPED}


class Unleased(Asked, Protocol):
    """A recipient that holds no lease."""

    @property
    def id(self) -> int: ...
    @property
    def message_id(self) -> int: ...
    @property
    def account_id(self) -> int: ...
    @property
    def expires_ms(self) -> int: ...


class Endings:
    def __init__(
        self, commits: GroupCommit, store: QueueStore, clock: Clock, notice_owed: Callable[[int], None]
    ) -> None:
        """`notice_owed(message_id)` is called after the commit."""
        self._commits, self._store, self._clock, self._notice_owed = commits, store, clock, notice_owed
        self.figures = Figures()  # leasing's and settling's too
        self._uncounted: list[tuple[str, Came]] = []  # of transactions that are not known to be on the disk
        commits.on_rollback(self._uncounted.clear)

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
        self.tell(await self._commits.submit(lambda _: self.record(rows, old, event, kind, facts)))

    def tell(self, owed: Iterable[int]) -> None:
        """After the commit: these messages owe a notice. What ended is counted."""
        for mail_class, came in self._uncounted:
            self.figures.ended(mail_class, came)
        self._uncounted.clear()
        for message_id in owed:
            self._notice_owed(message_id)

    def record(
        self, rows: Iterable[Unleased], old: RecipientState, event: Event, kind: JournalKind, facts: Facts
    ) -> set[int]:
        """Within the caller's operation; messages that owe a notice then. Who is no longer in `old` is left alone."""
        return {row.message_id for row in rows if self._record_one(row, old, event, kind, facts)}

    def _record_one(self, row: Unleased, old: RecipientState, event: Event, kind: JournalKind, facts: Facts) -> bool:
        """Whether a notice is owed then; not by who is no longer in `old`."""
        notice = _owes_notice(event, row)
        fact = Fact(self._clock.now_ms(), kind, row.account_id, row.message_id, row.id, facts)
        next_ms = row.expires_ms if event is Event.HOLD else None
        if not self._store.move(old, event, fact, next_ms=next_ms, notice=int(notice)):
            return False
        if event in _COUNTED:
            self._uncounted.append((row.mail_class, _COUNTED[event]))
        return notice


def _owes_notice(event: Event, row: Unleased) -> bool:
    try:
        return owes_notice(event, row)
    except (TypeError, AttributeError):  # octets where a text should be: nobody can be told
        return False
