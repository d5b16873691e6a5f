"""Wishes: what an operator asks for a recipient that is being attempted at that moment.

Owns   keeping hold or cancel until the lease ends, and doing it then if the recipient would wait again.
Knows  nothing of workers: that a lease ends soon is the caller's business.

Invariants
    Q2  a leased recipient is not changed. The wish is done, or void, in the transaction that ends the lease, whoever
        ends it: an outcome, a return, the death of a worker, or a new owner.
"""

import logging
from collections.abc import Iterable, Sequence

from .journal import Facts, JournalKind
from .states import Event, RecipientState
from .storage.rows import Fact, LeasedRow, OperatedRow
from .storage.store import QueueStore
from .storage.wish_rows import Wish

_log = logging.getLogger("youtong.queue")
_EVENTS = {"hold": (Event.HOLD, JournalKind.HELD), "cancel": (Event.CANCEL, JournalKind.CANCELLED)}


def keep(store: QueueStore, rows: Sequence[OperatedRow], verb: str, reason: str, who: str, operation: int = 0) -> None:
    """For leased recipients. The last wish about each counts."""
    for row in rows:
        store.wishes.keep(Wish(row.id, verb, reason, who, operation))


def withdraw(store: QueueStore, rows: Iterable[OperatedRow]) -> int:
    """Leased recipients are not to be held any more; for how many that had been asked."""
    return sum(store.wishes.withdraw(row.id, "hold") for row in rows) if store.wishes.exist else 0


def fulfil(store: QueueStore, rows: Iterable[LeasedRow], now_ms: int) -> set[int]:
    """Their leases have just ended; the ids of those that were to wait, and are held or cancelled instead."""
    by_id = {row.id: row for row in rows}
    return {wish.recipient_id for wish in store.wishes.take(by_id) if _fulfil(store, by_id, wish, now_ms)}


def _fulfil(store: QueueStore, rows: dict[int, LeasedRow], wish: Wish, now_ms: int) -> bool:
    if wish.verb not in _EVENTS:  # what ended is recorded all the same, or it would be sent again and again
        _log.error("a damaged row: nobody can say what was wished recipient=%d", wish.recipient_id)
        return False
    row, (event, kind) = rows[wish.recipient_id], _EVENTS[wish.verb]
    fact = Fact(now_ms, kind, row.account_id, row.message_id, row.id, _facts(wish))
    next_ms = row.expires_ms if event is Event.HOLD else None
    return store.move(RecipientState.SCHEDULED, event, fact, next_ms=next_ms)


def _facts(wish: Wish) -> Facts:
    return Facts(reason=wish.reason, who=wish.who, operation=wish.operation)
