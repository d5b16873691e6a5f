"""Statements of expiry: messages by the end of their time, and who of them still waits.

Owns   the walk over `message.expires_ms`, in pages, and the table `expiry` that keeps how far it has come.
Knows  no clock and nothing of what follows. Each function is part of an operation of GroupCommit and atomic with it.
"""

import sqlite3
from collections.abc import Sequence

from ..states import RecipientState
from .beyond import Order

_BY_EXPIRY = Order(("expires_ms",), "id")
Place = tuple[int, int]
"""expires_ms and id of a message: the order of the walk."""


def place(db: sqlite3.Connection) -> Place:
    """Up to where all messages were walked."""
    return db.execute("SELECT expires_ms, message_id FROM expiry").fetchone()


def keep_place(db: sqlite3.Connection, reached: Place) -> None:
    db.execute("UPDATE expiry SET expires_ms = ?, message_id = ?", reached)


def expired_messages(db: sqlite3.Connection, after: Place, now_ms: int, limit: int) -> list[Place]:
    """Messages beyond `after` whose time is over by `now_ms`."""
    return _BY_EXPIRY.page(db, "SELECT expires_ms, id FROM message WHERE expires_ms <= ?", (now_ms,), after, limit)


def recipients(db: sqlite3.Connection, message_id: int, after: int, limit: int) -> Sequence[tuple[int, RecipientState]]:
    """Recipients of a message beyond `after`, whatever their state."""
    rows = db.execute(
        "SELECT id, state FROM recipient WHERE message_id = ? AND id > ? ORDER BY id LIMIT ?",
        (message_id, after, limit),
    )
    return [(id_, RecipientState(state)) for id_, state in rows]
