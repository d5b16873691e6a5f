"""Rows of the table `deliver_by`: what a client asked for with BY= of MAIL (RFC 2852), for messages that have it.

Owns   the SQL over it, and that a deadline which is only to be told of puts its message on the watch for delays.
Knows  no notice. `put` is part of an operation of GroupCommit and atomic with it.
"""

import sqlite3

from ...mta.envelope import ByMode, DeliverBy


def put(db: sqlite3.Connection, message_id: int, by: DeliverBy, received_ms: int) -> None:
    """With the message. A time that was over before the message came was told of by whoever had it then."""
    db.execute(
        "INSERT INTO deliver_by (message_id, seconds, by_mode) VALUES (?, ?, ?)", (message_id, by.seconds, by.mode)
    )
    if by.mode is ByMode.NOTIFY and by.seconds > 0:
        look_ms = received_ms + by.seconds * 1000
        db.execute("INSERT INTO delay_watch (message_id, look_ms) VALUES (?, ?)", (message_id, look_ms))


def read(db: sqlite3.Connection, message_id: int) -> DeliverBy | None:
    """What was asked for, if anything."""
    row = db.execute("SELECT seconds, by_mode FROM deliver_by WHERE message_id = ?", (message_id,)).fetchone()
    return DeliverBy(row[0], ByMode(row[1])) if row else None
