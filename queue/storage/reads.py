"""Reads for people: every query that shows delivery state and changes nothing, by name.

Owns   the SQL behind queue.reading, and the rows it gives.
Knows  no page and no sentence. Runs on a read-only connection of its own, beside the owner or without it.

Invariants
    Each query walks an index and stops at its limit: it costs what it shows, not what waits (DESIGN §4). Two named
    exceptions: a filter by account, for which there is no index, and ended recipients, of which only the newest
    MAX_ENDED_LOOKED_AT rows are looked at.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from ..flows import sender_domain
from ..ids import address_hash
from ..journal import JournalRow, decode_facts, kind_of
from ..states import RecipientState
from .address_runs import WITH_ADDRESS_HASH

_Row = TypeVar("_Row", bound=msgspec.Struct)

MAX_ENDED_LOOKED_AT = 100_000

_COLUMNS = """
SELECT r.id, r.message_id, r.domain_id, d.name, r.address, r.state, r.attempts, r.next_ms, r.lease, r.notice,
       r.journal_seq, ifnull(r.notify, ''), m.account_id, m.reverse_path, m.received_ms, m.expires_ms,
       m.stream_id, ifnull(m.source, ''), m.mail_class, m.verp_domain
"""
_JOINED = _COLUMNS + (
    "FROM recipient AS r JOIN message AS m ON m.id = r.message_id JOIN domain AS d ON d.id = r.domain_id "
)
# CROSS JOIN fixes the order of the loops: the backlog in the loader's order, then each pair's recipients by time;
# nothing is sorted.
_BY_BACKLOG = _COLUMNS + (
    "FROM backlog AS b CROSS JOIN domain AS d ON d.id = b.domain_id "
    "CROSS JOIN recipient AS r ON r.domain_id = b.domain_id AND r.flow_id = b.flow_id "
    "CROSS JOIN message AS m ON m.id = r.message_id WHERE r.state = 0 "
)
_AT_ADDRESS = _JOINED + f"WHERE r.id IN {WITH_ADDRESS_HASH} ORDER BY r.id DESC"
_CHAIN = """
WITH RECURSIVE chain (seq, at_ms, kind, account_id, message_id, recipient_id, prev_seq, facts) AS (
    SELECT * FROM journal WHERE seq = ?
    UNION ALL
    SELECT j.* FROM chain AS c JOIN journal AS j ON j.seq = c.prev_seq WHERE c.prev_seq > 0
)
SELECT * FROM chain LIMIT ?
"""
_FACTS_AFTER = """
SELECT j.seq, j.at_ms, j.kind, j.account_id, j.message_id, j.recipient_id, j.prev_seq, j.facts,
       ifnull(r.address, ''), ifnull(d.name, ''), ifnull(m.reverse_path, '')
FROM journal AS j LEFT JOIN message AS m ON m.id = j.message_id LEFT JOIN recipient AS r ON r.id = j.recipient_id
     LEFT JOIN domain AS d ON d.id = r.domain_id
WHERE j.seq > ? ORDER BY j.seq LIMIT ?
"""
_MESSAGE = """
SELECT m.id, m.content_id, m.stream_id, m.account_id, m.mail_class, m.reverse_path, m.body_type, m.smtputf8,
       m.size_bytes, m.received_ms, m.expires_ms, m.source, m.is_notice, ifnull(c.head, x''),
       m.verp_domain, m.path_kept
FROM message AS m LEFT JOIN content AS c ON c.id = m.content_id WHERE m.id = ?
"""


class RecipientRow(msgspec.Struct, frozen=True, array_like=True):
    """A recipient as people see it, with what its message says. The order is that of the query."""

    id: int
    message_id: int
    domain_id: int
    domain: str
    address: str
    state: RecipientState
    attempts: int
    next_ms: int | None  # scheduled: when it is due; held: when it expires
    lease: int | None
    notice: int  # 0 nothing owed, 1 a failure notice is owed, 2 it was queued
    journal_seq: int
    notify: str
    account_id: int
    reverse_path: str
    received_ms: int
    expires_ms: int
    stream_id: int = 0
    source: str = ""  # that was asked for
    mail_class: str = ""
    verp_domain: str = ""

    @property
    def sender_domain(self) -> str:
        """As receivers see it."""
        return self.verp_domain or sender_domain(self.reverse_path)


class MessageRow(msgspec.Struct, frozen=True, array_like=True):
    """A message without its recipients. `head` is empty once the content was deleted."""

    id: int
    content_id: int
    stream_id: int
    account_id: int
    mail_class: str
    reverse_path: str
    body_type: str
    smtputf8: bool
    size_bytes: int
    received_ms: int
    expires_ms: int
    source: str
    is_notice: bool
    head: bytes
    verp_domain: str = ""  # and why there is none: queue.return_paths
    path_kept: str = ""


class AddressedFact(msgspec.Struct, frozen=True):
    """A fact with whom it is about; address and domain are "" for a fact about a whole message."""

    row: JournalRow
    address: str
    domain: str
    reverse_path: str


def at_address(db: sqlite3.Connection, address: str) -> Iterator[RecipientRow]:
    """Recipients with this address in any spelling of case, newest first. The index may give others: checked."""
    rows = db.execute(_AT_ADDRESS, (address_hash(address),))
    return (row for row in map(_recipient, rows) if row.address.lower() == address.lower())


def of_message(db: sqlite3.Connection, message_id: int, after_id: int, limit: int) -> list[RecipientRow]:
    """Recipients of a message beyond `after_id`, in their order."""
    query = _JOINED + "WHERE r.message_id = ? AND r.id > ? ORDER BY r.id LIMIT ?"
    return [_recipient(row) for row in db.execute(query, (message_id, after_id, limit))]


def scheduled(db: sqlite3.Connection) -> Iterator[RecipientRow]:
    """Domains and flows in the order in which they are looked at, each one's recipients by time."""
    return map(_recipient, db.execute(_BY_BACKLOG + "ORDER BY b.look_ms, b.domain_id, b.flow_id, r.next_ms, r.id"))


def scheduled_in(db: sqlite3.Connection, domain: str) -> Iterator[RecipientRow]:
    """Flow by flow, each one's recipients by time."""
    rows = db.execute(
        _JOINED + "WHERE r.domain_id = (SELECT id FROM domain WHERE name = ?) AND r.state = 0"
        " ORDER BY r.flow_id, r.next_ms, r.id",
        (domain,),
    )
    return map(_recipient, rows)


def leased(db: sqlite3.Connection) -> Iterator[RecipientRow]:
    """In the order in which they were leased."""
    return map(_recipient, db.execute(_JOINED + "WHERE r.state = 1 AND r.lease > 0 ORDER BY r.lease, r.id"))


def held(db: sqlite3.Connection) -> Iterator[RecipientRow]:
    """Those that expire first come first."""
    return map(_recipient, db.execute(_JOINED + "WHERE r.state = 2 ORDER BY r.next_ms, r.id"))


def ended(db: sqlite3.Connection, state: RecipientState) -> Iterator[RecipientRow]:
    """Recipients in a terminal state among the newest MAX_ENDED_LOOKED_AT rows, newest first."""
    rows = db.execute(
        _JOINED + "WHERE r.id > (SELECT ifnull(max(id), 0) FROM recipient) - ? AND +r.state = ? ORDER BY r.id DESC",
        (MAX_ENDED_LOOKED_AT, int(state)),
    )
    return map(_recipient, rows)


def message(db: sqlite3.Connection, message_id: int) -> MessageRow | None:
    row = db.execute(_MESSAGE, (message_id,)).fetchone()
    return _converted(row, MessageRow) if row else None


def chain(db: sqlite3.Connection, newest_seq: int, limit: int) -> list[JournalRow]:
    """The newest `limit` facts of one recipient, oldest first, by its chain of rows."""
    rows = [_fact(row) for row in db.execute(_CHAIN, (newest_seq, limit))]
    return rows[::-1]


def facts_after(db: sqlite3.Connection, seq: int, limit: int) -> list[AddressedFact]:
    """The next facts of the journal, in its order."""
    return [AddressedFact(_fact(row[:8]), *row[8:]) for row in db.execute(_FACTS_AFTER, (seq, limit))]


def merge_fields(db: sqlite3.Connection, recipient_id: int) -> str:
    row = db.execute("SELECT fields FROM recipient WHERE id = ?", (recipient_id,)).fetchone()
    return (row[0] or "") if row is not None else ""


def seq_before(db: sqlite3.Connection, at_ms: int) -> int:
    """By halving: the journal has no index on time. A clock set back makes it a little too small or too large."""
    first, high = (db.execute(f"SELECT {end}(seq) FROM journal").fetchone()[0] or 0 for end in ("min", "max"))
    low = max(0, first - 1)  # both ends in one statement would be found by reading every row
    while low < high:
        middle = (low + high + 1) // 2
        row = db.execute("SELECT seq, at_ms FROM journal WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)).fetchone()
        low, high = (middle, high) if row[1] < at_ms else (low, middle - 1)
    return low


def _recipient(row: tuple[object, ...]) -> RecipientRow:
    return _converted(row, RecipientRow)


def _converted(row: Sequence[object], shape: type[_Row]) -> _Row:
    """A damaged row, with octets where a text should be or a text for octets, is shown as well as may be."""
    try:
        return msgspec.convert(row, shape, strict=False)  # SQLite's truths are numbers
    except msgspec.ValidationError:
        types = [field.type for field in msgspec.structs.fields(shape)]
        mended = [_as(value, wanted) for value, wanted in zip(row, types, strict=False)]
        return msgspec.convert(mended, shape, strict=False)


def _as(value: object, wanted: object) -> object:
    if wanted is str and isinstance(value, bytes):
        return value.decode("ascii", "replace")
    return value.encode() if wanted is bytes and isinstance(value, str) else value


def _fact(row: tuple[int, int, str, int, int, int, int, str]) -> JournalRow:
    seq, at_ms, kind, account_id, message_id, recipient_id, prev_seq, facts = row
    return JournalRow(seq, at_ms, kind_of(kind), account_id, message_id, recipient_id, prev_seq, decode_facts(facts))
