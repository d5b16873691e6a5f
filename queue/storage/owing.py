"""Statements about notices: who is owed one, what it tells, and that it was queued.

Owns   the columns `recipient.notice` (1 owed, 2 queued) and the tables delay_watch and delay_told.
Knows  no policy (queue.notices.owed) and no form. Each function is part of an operation of GroupCommit, atomic with it.

Invariants
    A watch row is written when a recipient is deferred or late, and goes when its message was looked at: nothing is
    read or written for a message that needs no look, and none of this scans what waits.
"""

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from ...mta.envelope import DeliverBy
from ...mta.message.notice import Action
from ..journal import Facts, JournalKind, JournalRow
from ..notices.owed import DELAY_MS, may_hear_of_delay
from ..states import RecipientState
from . import deliver_by_rows
from .reads import chain
from .rows import DueRow

_MAX_BODY = 64 * 1024  # more is never returned, and stands in the spool
_MAX_HISTORY = 100  # rows of a recipient's journal that are searched for the last attempt
_ATTEMPTED = frozenset({JournalKind.DELIVERED, JournalKind.DEFERRED, JournalKind.BOUNCED})


class NoticedMessage(msgspec.Struct, frozen=True, array_like=True):
    """A message that a notice is about. `body` None: too large, gone, or not wanted back."""

    id: int
    account_id: int
    mail_class: str
    is_notice: int
    reverse_path: str
    ret: str
    envid: str
    received_ms: int
    expires_ms: int
    head: bytes
    body: bytes | None
    by: DeliverBy | None = None

    @property
    def deadline_seconds(self) -> int:
        """Within how long its sender wanted it delivered or not at all; 0: that did not limit it."""
        is_limit = self.by is not None and self.by.limits(self.received_ms, self.expires_ms)
        return self.by.seconds if self.by is not None and is_limit else 0


class Told(msgspec.Struct, frozen=True):
    """A recipient that a notice tells about, with what was last said to or of it."""

    id: int
    address: str
    orcpt: str
    action: Action
    journal_seq: int
    is_expired: bool = False
    attempt: JournalRow | None = None  # the last one made
    reason: str = ""  # why it was ended without one


class _Asked(msgspec.Struct, frozen=True):
    """Implements queue.notices.owed.Asked."""

    mail_class: str
    reverse_path: str
    notify: str
    is_notice: int


def messages_owing(db: sqlite3.Connection) -> list[int]:
    return [row[0] for row in db.execute("SELECT DISTINCT message_id FROM recipient WHERE notice = 1")]


def is_first_round_open(db: sqlite3.Connection, message_id: int) -> bool:
    """Whether some recipient of the message is leased, or waits and was never attempted."""
    row = db.execute(
        "SELECT 1 FROM recipient WHERE message_id = ? AND (state = 1 OR (state = 0 AND attempts = 0)) LIMIT 1",
        (message_id,),
    ).fetchone()
    return row is not None


def message(db: sqlite3.Connection, message_id: int) -> NoticedMessage:
    """There is always one: messages stay when their content goes."""
    row = db.execute(
        "SELECT m.id, m.account_id, m.mail_class, m.is_notice, m.reverse_path, m.ret, m.envid, m.received_ms,"
        " m.expires_ms, ifnull(c.head, x''), CASE WHEN length(c.body) <= ? AND m.ret != 'HDRS' THEN c.body END"
        " FROM message AS m LEFT JOIN content AS c ON c.id = m.content_id WHERE m.id = ?",
        (_MAX_BODY, message_id),
    ).fetchone()
    return NoticedMessage(*row, by=deliver_by_rows.read(db, message_id))


def ended(db: sqlite3.Connection, message_id: int, limit: int) -> list[Told]:
    """Recipients whose end is owed a notice."""
    rows = db.execute(
        "SELECT id, address, ifnull(orcpt, ''), state, journal_seq FROM recipient"
        " WHERE message_id = ? AND notice = 1 LIMIT ?",
        (message_id, limit),
    ).fetchall()
    return [_told_of_end(db, *row) for row in rows]


def _told_of_end(db: sqlite3.Connection, id_: int, address: str, orcpt: str, state: int, journal_seq: int) -> Told:
    history = chain(db, journal_seq, _MAX_HISTORY)
    newest = history[-1].facts if history else Facts()
    is_skipped = state == RecipientState.SKIPPED
    action = Action.RELAYED if state == RecipientState.DELIVERED else Action.FAILED
    is_expired = state == RecipientState.EXPIRED
    attempt = None if is_skipped else _last_attempt(history)
    return Told(id_, address, orcpt, action, journal_seq, is_expired, attempt, newest.reason if is_skipped else "")


def _last_attempt(history: Sequence[JournalRow]) -> JournalRow | None:
    return next((row for row in reversed(history) if row.kind in _ATTEMPTED), None)


def mark_end_told(db: sqlite3.Connection, told: Told, seq: int) -> None:
    db.execute("UPDATE recipient SET notice = 2, journal_seq = ? WHERE id = ? AND notice = 1", (seq, told.id))


# -- delay ------------------------------------------------------------------------------------------------------------


def watch_late(db: sqlite3.Connection, rows: Iterable[DueRow]) -> None:
    """Put the messages of these on the watch, but for recipients whose sender was told."""
    db.executemany(
        "INSERT INTO delay_watch (message_id, look_ms) SELECT id, received_ms + ? FROM message"
        " WHERE id = ? AND NOT EXISTS (SELECT 1 FROM delay_told WHERE recipient_id = ?) ON CONFLICT DO NOTHING",
        [(DELAY_MS, row.message_id, row.id) for row in rows],
    )


def messages_to_look_at(db: sqlite3.Connection, now_ms: int, limit: int) -> list[int]:
    rows = db.execute("SELECT message_id FROM delay_watch WHERE look_ms <= ? ORDER BY look_ms LIMIT ?", (now_ms, limit))
    return [row[0] for row in rows]


def delayed(db: sqlite3.Connection, about: NoticedMessage, now_ms: int, limit: int) -> list[Told]:
    """Recipients that wait, whose sender is to hear of it and was not told; none before it is time to look."""
    if db.execute("SELECT 1 FROM delay_watch WHERE message_id = ? AND look_ms <= ?", (about.id, now_ms)).fetchone():
        rows = db.execute(
            "SELECT id, address, ifnull(orcpt, ''), journal_seq, ifnull(notify, '') FROM recipient AS r"
            " WHERE message_id = ? AND state = 0 AND NOT EXISTS (SELECT 1 FROM delay_told WHERE recipient_id = r.id)",
            (about.id,),
        ).fetchall()
        wanted = [row[:4] for row in rows if may_hear_of_delay(_asked(about, row[4]))]
        return [_told_of_delay(db, *row) for row in wanted[:limit]]
    return []


def _asked(about: NoticedMessage, notify: str) -> _Asked:
    return _Asked(about.mail_class, about.reverse_path, notify, about.is_notice)


def _told_of_delay(db: sqlite3.Connection, id_: int, address: str, orcpt: str, journal_seq: int) -> Told:
    history = chain(db, journal_seq, _MAX_HISTORY) if journal_seq else []
    return Told(id_, address, orcpt, Action.DELAYED, journal_seq, attempt=_last_attempt(history))


def mark_delay_told(db: sqlite3.Connection, told: Told, seq: int, now_ms: int) -> None:
    db.execute("INSERT INTO delay_told (recipient_id, told_ms) VALUES (?, ?)", (told.id, now_ms))
    db.execute("UPDATE recipient SET journal_seq = ? WHERE id = ? AND state = 0", (seq, told.id))


def looked_at(db: sqlite3.Connection, message_id: int, now_ms: int, again_ms: int) -> None:
    """The watch ends; while a recipient is being attempted, it goes on at `again_ms`. A later one is left alone."""
    row = db.execute("SELECT 1 FROM recipient WHERE message_id = ? AND state = 1 LIMIT 1", (message_id,)).fetchone()
    if row is None:
        db.execute("DELETE FROM delay_watch WHERE message_id = ? AND look_ms <= ?", (message_id, now_ms))
    else:
        db.execute(
            "UPDATE delay_watch SET look_ms = ? WHERE message_id = ? AND look_ms <= ?", (again_ms, message_id, now_ms)
        )


def forget_told(db: sqlite3.Connection, before_ms: int, limit: int) -> int:
    """Recipients told so long ago have ended. How many were forgotten, `limit` at most."""
    old = "SELECT recipient_id FROM delay_told WHERE told_ms < ? ORDER BY told_ms LIMIT ?"
    return db.execute(f"DELETE FROM delay_told WHERE recipient_id IN ({old})", (before_ms, limit)).rowcount
