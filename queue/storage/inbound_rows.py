"""The statements on stored inbound mail, by name.

Owns   the SQL of the tables inbound and inbound_content. Those that write are part of an operation of GroupCommit.
Knows  no rule: how long and how much is kept is queue.inbound.inbound_store's.
"""

import sqlite3
from collections.abc import Iterable

import msgspec

from ...mta.submission.ports import InlineBody, StoredBody
from ..inbound.inbound_mail import Addressee, InboundContent, InboundMessage

_MESSAGE = "SELECT seq, at_ms, reverse_path, client, helo, tls, size_bytes, recipients, read_as, effect FROM inbound"
_addressees = msgspec.json.Decoder(tuple[Addressee, ...])


def insert(db: sqlite3.Connection, new: InboundMessage, head: bytes, body: StoredBody) -> int:
    """A message with its content; the number it got (`new.seq` is not used)."""
    seq = db.execute(
        "INSERT INTO inbound (at_ms, reverse_path, client, helo, tls, size_bytes, recipients)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (new.at_ms, new.reverse_path, new.client, new.helo, new.tls, new.size_bytes, _encoded(new.addressees)),
    ).lastrowid
    assert seq is not None
    octets, spool = (body.octets, None) if isinstance(body, InlineBody) else (None, body.name)
    db.execute("INSERT INTO inbound_content (seq, head, body, spool) VALUES (?, ?, ?, ?)", (seq, head, octets, spool))
    return seq


def delete(db: sqlite3.Connection, seqs: Iterable[int]) -> tuple[list[int], list[str]]:
    """Forget messages; the sizes of those that were there, and names of spool files that nobody needs now."""
    sizes: list[int] = []
    names: list[str] = []
    for seq in seqs:
        sizes += [row[0] for row in db.execute("DELETE FROM inbound WHERE seq = ? RETURNING size_bytes", (seq,))]
        spools = db.execute("DELETE FROM inbound_content WHERE seq = ? RETURNING spool", (seq,))
        names += [row[0] for row in spools if row[0]]
    return sizes, names


def older_than(db: sqlite3.Connection, before_ms: int, limit: int) -> list[int]:
    rows = db.execute("SELECT seq FROM inbound WHERE at_ms < ? ORDER BY at_ms LIMIT ?", (before_ms, limit))
    return [row[0] for row in rows]


def totals(db: sqlite3.Connection) -> tuple[int, int]:
    """How many messages are kept, and their octets."""
    return db.execute("SELECT count(*), ifnull(sum(size_bytes), 0) FROM inbound").fetchone()


def spool_names(db: sqlite3.Connection) -> set[str]:
    return {row[0] for row in db.execute("SELECT spool FROM inbound_content WHERE spool IS NOT NULL")}


def after(db: sqlite3.Connection, seq: int, limit: int) -> list[InboundMessage]:
    """The next messages beyond a number, in their order: for whoever follows what arrives."""
    return _messages(db.execute(_MESSAGE + " WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)))


def unread(db: sqlite3.Connection, seq: int, limit: int) -> list[InboundMessage]:
    """The next messages beyond a number that nobody has read."""
    return _messages(db.execute(_MESSAGE + " WHERE seq > ? AND read_as = '' ORDER BY seq LIMIT ?", (seq, limit)))


def count_unread(db: sqlite3.Connection) -> int:
    return db.execute("SELECT count(*) FROM inbound WHERE read_as = ''").fetchone()[0]


def is_unread(db: sqlite3.Connection, seq: int) -> bool:
    return db.execute("SELECT 1 FROM inbound WHERE seq = ? AND read_as = ''", (seq,)).fetchone() is not None


def mark_read(db: sqlite3.Connection, seq: int, read_as: str, effect: str) -> None:
    db.execute("UPDATE inbound SET read_as = ?, effect = ? WHERE seq = ?", (read_as, effect, seq))


def newest(db: sqlite3.Connection, kind: str, limit: int) -> list[InboundMessage]:
    """The newest messages, of one kind or with "" of all, newest first."""
    condition = " WHERE ?1 = '' OR EXISTS (SELECT 1 FROM json_each(recipients) WHERE json_extract(value, '$[1]') = ?1)"
    return _messages(db.execute(f"{_MESSAGE}{condition} ORDER BY seq DESC LIMIT ?2", (kind, limit)))


def content(db: sqlite3.Connection, seq: int) -> InboundContent | None:
    row = db.execute("SELECT head, body, spool FROM inbound_content WHERE seq = ?", (seq,)).fetchone()
    return InboundContent(*row) if row else None


def attempted_ms(db: sqlite3.Connection, recipient_id: int) -> int | None:
    """When a recipient of outgoing mail was last touched by an attempt, or accepted; None when there is none such.

    What came back about it is no attempt: it would keep its address open for ever.
    """
    row = db.execute(
        "SELECT max(m.received_ms, coalesce(nullif(t.ended_ms, 0), j.at_ms, 0))"
        " FROM recipient AS r JOIN message AS m ON m.id = r.message_id"
        " LEFT JOIN journal AS j ON j.seq = r.journal_seq LEFT JOIN returned AS t ON t.recipient_id = r.id"
        " WHERE r.id = ?",
        (recipient_id,),
    ).fetchone()
    return row[0] if row else None


def _encoded(addressees: tuple[Addressee, ...]) -> str:
    return msgspec.json.encode(addressees).decode()


def _messages(rows: Iterable[tuple[int, int, str, str, str, str, int, str, str, str]]) -> list[InboundMessage]:
    return [InboundMessage(*row[:7], _addressees.decode(row[7]), *row[8:]) for row in rows]
