"""Statements about due times when somebody sets the wall clock back (queue.set_back).

Owns   the walk through all that is scheduled, in pages, and the moment of the newest fact.
Knows  no clock. Each function is part of an operation of GroupCommit and atomic with it.
"""

import sqlite3

from .beyond import Order
from .store import QueueStore

_BY_DUE_TIME = Order(("domain_id", "flow_id", "next_ms"), "id")
Place = tuple[int, int, int, int]
"""Domain, flow, next_ms and id of a recipient: the order of the walk, which is that of the index of due times."""


def bring_forward(
    db: sqlite3.Connection, store: QueueStore, after: Place, now_ms: int, back_ms: int, limit: int
) -> Place | None:
    """Scheduled recipients beyond `after` are due so much earlier, not before now.

    Where to go on; None at the end. Who was moved is behind that place.
    """
    rows = _BY_DUE_TIME.page(
        db, "SELECT domain_id, flow_id, next_ms, id FROM recipient WHERE state = 0", (), after, limit
    )
    for _, _, next_ms, recipient_id in rows:
        if next_ms > now_ms:
            store.reschedule(recipient_id, max(now_ms, next_ms - back_ms))
    return (*rows[-1],) if len(rows) == limit else None


def newest_fact_ms(db: sqlite3.Connection) -> int:
    """When the newest journal row was written; 0 without one."""
    row = db.execute("SELECT at_ms FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    return row[0] if row else 0
