"""Complaints that name a stream, and nobody of it: receivers that redact all but the Feedback-ID.

Owns   which of them are written down, and their count.
Knows  no report.

A Feedback-ID stands in every letter of its stream, so whoever got one letter can make such complaints at will. They
change no recipient and suppress nobody; they have a count of their own, apart from fates, and of one stream at most
MAX_A_DAY are written down.
"""

import sqlite3

from ...mta.clock import Clock
from ..inbound.inbound_mail import Effect
from ..journal import JournalKind
from ..storage.store import QueueStore
from .heard import HeardOfStream

MAX_A_DAY = 100
_DAY_MS = 86_400_000
_COUNT = """
INSERT INTO stream_complaint (stream_id, day, count) VALUES (?, ?, 1)
ON CONFLICT DO UPDATE SET count = count + 1 WHERE count < ?
"""


class StreamComplaints:
    def __init__(self, store: QueueStore, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def hear(self, db: sqlite3.Connection, inbound: int, heard: HeardOfStream) -> Effect:
        """Within the operation that marks the inbound message read."""
        found = db.execute("SELECT account_id, message_id FROM stream WHERE id = ?", (heard.stream_id,)).fetchone()
        if found is None or heard.account_id not in (0, found[0]):
            return Effect.UNRELATED
        now_ms = self._clock.now_ms()
        if not db.execute(_COUNT, (heard.stream_id, now_ms // _DAY_MS, MAX_A_DAY)).rowcount:
            return Effect.REPEATED
        account_id, message_id = found
        self._store.journal(
            self._store.counters.journal(), now_ms, JournalKind.STREAM_COMPLAINT, account_id, message_id, 0, 0,
            heard.facts(inbound),
        )  # fmt: skip
        return Effect.RECORDED
