"""Rows of streams: their run states, their revisions, and many recipients at once.

Owns   the SQL over `stream` and `revision`, and the one statement that inserts a hundred recipients.
Knows  no transition (queue.streams.stream_states). Each function is part of an operation of GroupCommit.
"""

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import msgspec

from ..contents.content import ContentKind
from ..states import RecipientState
from ..streams.stream_states import RunState

_log = logging.getLogger("youtong.queue")

ROWS_A_STATEMENT = 100
"""Of 20, 50, 100 and 200 the fastest but one (127,000 rows a second, one by one: 77,000); and what is prepared stays
small."""

NewRow = tuple[int, int, str, int, str, str | None]
"""A recipient about to be inserted: id, domain id, address, its hash, key, fields."""

_COLUMNS = (
    "s.id, s.account_id, s.name, s.run_state, s.reason, s.who, s.changed_ms, s.created_ms, s.enqueued,"
    " m.mail_class, m.reverse_path, m.expires_ms,"
    " (SELECT max(number) FROM revision WHERE stream_id = s.id),"
    " (SELECT ifnull(sum(b.waiting), 0) FROM flow AS f JOIN backlog AS b ON b.flow_id = f.id WHERE f.stream_id = s.id),"
    " m.verp_domain, (SELECT ifnull(sum(count), 0) FROM stream_complaint WHERE stream_id = s.id)"
)
_STREAMS = f"SELECT {_COLUMNS} FROM stream AS s JOIN message AS m ON m.id = s.message_id "
_REVISIONS = "SELECT number, content_id, size_bytes, eight_bit, at_ms, who FROM revision "


class StreamRow(msgspec.Struct, frozen=True, array_like=True):
    """A stream as people ask for it. `waiting`: scheduled ones, not those that are held or under way."""

    id: int
    account_id: int
    name: str
    run_state: RunState
    reason: str  # of the last change
    who: str
    changed_ms: int
    created_ms: int
    enqueued: int
    mail_class: str
    reverse_path: str
    expires_ms: int
    revision: int
    waiting: int
    verp_domain: str = ""  # of its recipients' reverse-paths; "": `reverse_path` is used
    complaints: int = 0  # that name no recipient (queue.returns.stream_complaints)


class RevisionRow(msgspec.Struct, frozen=True, array_like=True):
    """A text of a stream."""

    number: int
    content_id: int
    size_bytes: int
    eight_bit: int
    at_ms: int
    who: str


def stream(db: sqlite3.Connection, stream_id: int) -> StreamRow | None:
    row = db.execute(_STREAMS + "WHERE s.id = ?", (stream_id,)).fetchone()
    return msgspec.convert(row, StreamRow) if row else None


def streams(db: sqlite3.Connection, before: int, limit: int) -> list[StreamRow]:
    """Newest first; those below the number `before`."""
    rows = db.execute(_STREAMS + "WHERE s.id < ? ORDER BY s.id DESC LIMIT ?", (before, limit))
    return list(_sound(rows))


def fates(db: sqlite3.Connection, stream_id: int) -> dict[RecipientState, int]:
    """How many of its recipients are in each state; counted from their rows, a second for a million."""
    query = "SELECT state, count(*) FROM recipient WHERE message_id = ? GROUP BY state"
    return {RecipientState(state): count for state, count in db.execute(query, (stream_id,))}


def halted(db: sqlite3.Connection) -> list[StreamRow]:
    """Paused ones, and stopped ones of which somebody may still wait."""
    query = _STREAMS + "WHERE s.run_state = 'paused' OR (s.run_state = 'stopped' AND s.is_swept = 0)"
    return list(_sound(db.execute(query)))


def _sound(rows: Iterable[tuple[object, ...]]) -> Iterator[StreamRow]:
    """Without those that are damaged: a list, and a start, do without them."""
    for row in rows:
        try:
            yield msgspec.convert(row, StreamRow)
        except msgspec.ValidationError as error:
            _log.error("a damaged row is passed over stream=%s error=%s", row[0], error)


def state_of(db: sqlite3.Connection, stream_id: int) -> tuple[RunState, int] | None:
    """Run state, and when its recipients expire (epoch ms)."""
    query = "SELECT s.run_state, m.expires_ms FROM stream AS s JOIN message AS m ON m.id = s.message_id WHERE s.id = ?"
    row = db.execute(query, (stream_id,)).fetchone()
    return (RunState(row[0]), row[1]) if row else None


def return_path(db: sqlite3.Connection, stream_id: int) -> tuple[str, int] | None:
    """The domain of its VERP addresses, "" when it has none, and its account."""
    query = "SELECT verp_domain, account_id FROM message WHERE id = ? AND stream_id = id"
    return db.execute(query, (stream_id,)).fetchone()


def running_with_verp(db: sqlite3.Connection) -> list[tuple[int, str]]:
    """Streams that run, whose recipients have reverse-paths of ours, with the domain of these; none that is over."""
    return db.execute(
        "SELECT s.id, m.verp_domain FROM stream AS s JOIN message AS m ON m.id = s.message_id"
        " WHERE s.run_state = 'running' AND m.verp_domain <> ''"
        " AND EXISTS (SELECT 1 FROM flow AS f JOIN backlog AS b ON b.flow_id = f.id WHERE f.stream_id = s.id)"
    ).fetchall()


def set_state(db: sqlite3.Connection, stream_id: int, state: RunState, reason: str, who: str, now_ms: int) -> None:
    db.execute(
        "UPDATE stream SET run_state = ?, reason = ?, who = ?, changed_ms = ? WHERE id = ?",
        (state.value, reason, who, now_ms, stream_id),
    )


def set_swept(db: sqlite3.Connection, stream_id: int) -> None:
    """Nobody of a stopped stream waits any more."""
    db.execute("UPDATE stream SET is_swept = 1 WHERE id = ?", (stream_id,))


# -- revisions --------------------------------------------------------------------------------------------------------


def insert_text(db: sqlite3.Connection, content_id: int, head: bytes, body: bytes) -> None:
    """Its number is a message's that has no row: so that it is not given away again after a restart, it is noted."""
    db.execute(
        "INSERT INTO content (id, kind, head, body) VALUES (?, ?, ?, ?)",
        (content_id, ContentKind.TEMPLATE.value, head, body),
    )
    db.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'message'", (content_id,))


def add_revision(db: sqlite3.Connection, stream_id: int, revision: RevisionRow) -> None:
    """From now on it is the stream's text; earlier ones stay."""
    db.execute(
        "INSERT INTO revision (stream_id, number, content_id, size_bytes, eight_bit, at_ms, who)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (stream_id, *msgspec.structs.astuple(revision)),
    )
    db.execute(
        "UPDATE message SET content_id = ?, size_bytes = ?, eight_bit = ? WHERE id = ?",
        (revision.content_id, revision.size_bytes, revision.eight_bit, stream_id),
    )


def revisions(db: sqlite3.Connection, stream_id: int) -> list[RevisionRow]:
    """Oldest first."""
    rows = db.execute(_REVISIONS + "WHERE stream_id = ? ORDER BY number", (stream_id,))
    return [RevisionRow(*row) for row in rows]


def revision_of_content(db: sqlite3.Connection, content_id: int) -> RevisionRow | None:
    row = db.execute(_REVISIONS + "WHERE content_id = ?", (content_id,)).fetchone()
    return RevisionRow(*row) if row else None


# -- recipients -------------------------------------------------------------------------------------------------------


def insert(
    db: sqlite3.Connection, stream_id: int, flow_id: int, next_ms: int, rows: Sequence[NewRow]
) -> dict[int, int]:
    """Scheduled recipients; those whose key the stream has are left out. How many are new, by domain id.

    The ids ascend and are nobody else's.
    """
    added = sum(_insert_some(db, stream_id, flow_id, next_ms, some) for some in _cut(rows))
    db.execute("UPDATE stream SET enqueued = enqueued + ? WHERE id = ?", (added, stream_id))
    counts: dict[int, int] = {}
    if added == len(rows):
        for row in rows:
            counts[row[1]] = counts.get(row[1], 0) + 1
    elif added:
        found = db.execute(
            "SELECT domain_id, count(*) FROM recipient WHERE id BETWEEN ? AND ? GROUP BY domain_id",
            (rows[0][0], rows[-1][0]),
        )
        counts.update(found.fetchall())
    return counts


def _cut(rows: Sequence[NewRow]) -> list[Sequence[NewRow]]:
    return [rows[at : at + ROWS_A_STATEMENT] for at in range(0, len(rows), ROWS_A_STATEMENT)]


def _insert_some(db: sqlite3.Connection, stream_id: int, flow_id: int, next_ms: int, rows: Sequence[NewRow]) -> int:
    values: list[object] = [stream_id, flow_id, next_ms]
    for row in rows:
        values += row
    return db.execute(_insertion(len(rows)), values).rowcount


@lru_cache(maxsize=ROWS_A_STATEMENT)
def _insertion(rows: int) -> str:
    """?1 to ?3 are the same for all."""
    places = ", ".join(
        f"(?{at}, ?{at + 1}, ?{at + 2}, ?{at + 3}, ?{at + 4}, ?{at + 5}, ?1, ?2, ?3, 0)"
        for at in range(4, 4 + rows * 6, 6)
    )
    return (
        "INSERT INTO recipient (id, domain_id, address, address_hash, stream_key, fields,"
        f" message_id, flow_id, next_ms, state) VALUES {places} ON CONFLICT DO NOTHING"
    )


def page(db: sqlite3.Connection, stream_id: int, after_id: int, limit: int) -> list[tuple[int, int]]:
    """(id, state) of recipients beyond `after_id`, in their order; ended ones too, so that a page has a bound."""
    return db.execute(
        "SELECT id, state FROM recipient WHERE message_id = ? AND id > ? ORDER BY id LIMIT ?",
        (stream_id, after_id, limit),
    ).fetchall()
