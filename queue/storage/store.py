"""The store: every statement that changes or reads delivery state, by name.

Owns   the SQL of queue.db. Each method is part of an operation of GroupCommit and is atomic with it.
Knows  no policy: what follows from an outcome is decided in queue.settlement.

Invariants
    Q1  a transition is an UPDATE guarded by the old state; its journal row is written in the same transaction.
    Q2  a leased recipient changes only for the holder of its token; zero rows is LeaseLost and changes nothing.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from types import NoneType

from ...mta.submission.ports import InlineBody
from ..contents.content import ContentKind, StoredContent
from ..flows import sender_domain
from ..ids import Counters, address_hash
from ..journal import Facts, JournalKind, encode_facts
from ..notices.owed import DELAY_MS
from ..states import Event, RecipientState, follow
from . import inbound_rows, people
from .backlog import Backlog, Pair
from .beyond import BY_TIME
from .flow_rows import FlowRows
from .group_commit import GroupCommit
from .operated import OperatedRows
from .rows import (
    DueRow,
    Ending,
    Fact,
    JournalEntry,
    LeasedRow,
    NewMessage,
    NewRecipient,
)
from .wish_rows import WishRows

_MAX_CACHED_DOMAINS = 50_000

_ROWS = """
SELECT r.id, r.next_ms, r.domain_id, r.flow_id, r.journal_seq, r.address, r.attempts,
       ifnull(r.notify, ''), ifnull(r.orcpt, ''), ifnull(r.fields, ''),
       m.id, m.content_id, m.stream_id, m.account_id, m.mail_class, m.reverse_path, m.body_type, m.smtputf8,
       m.ret, m.envid, m.size_bytes, m.eight_bit, m.expires_ms, m.source, m.is_notice, m.verp_domain
FROM recipient AS r JOIN message AS m ON m.id = r.message_id
"""
_DUE = _ROWS + "WHERE r.domain_id = ? AND r.flow_id = ? AND r.state = 0 AND r.next_ms <= ?"
_LEASED = """
SELECT r.id, r.lease, r.message_id, r.domain_id, r.flow_id, r.attempts, r.journal_seq, ifnull(r.notify, ''),
       m.account_id, m.mail_class, m.reverse_path, m.expires_ms, m.content_id, m.is_notice
FROM recipient AS r JOIN message AS m ON m.id = r.message_id
"""


_SCHEDULED_STATE, _LEASED_STATE, _HELD_STATE = (
    state.value for state in (RecipientState.SCHEDULED, RecipientState.LEASED, RecipientState.HELD)
)


class LeaseLost(Exception):
    """The lease was taken back, or never was; nothing was changed."""


class QueueStore:
    """One store for one write connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Its GroupCommit has to know `forget` and `write`: see `attach`."""
        self._db = connection
        self.counters = Counters(connection)
        self.wishes = WishRows(connection)
        self.flows = FlowRows(connection)
        self.backlog = Backlog(connection)
        self.operated = OperatedRows(connection, self.counters, self.backlog)
        self._domain_ids: dict[str, int] = {}

    def attach(self, commits: GroupCommit) -> None:
        """Of the same connection: what is gathered is written before each commit, and dropped on rollback."""
        commits.on_rollback(self.forget)
        commits.before_commit(self.backlog.write)

    def forget(self) -> None:
        """Something was rolled back: cached rows may not exist."""
        self._domain_ids.clear()
        self.wishes.forget()
        self.flows.forget()
        self.backlog.forget()

    # -- intake ---------------------------------------------------------------------------------------------------

    def insert_message(self, message_id: int, new: NewMessage, recipients: Iterable[NewRecipient]) -> int:
        """Insert content, message, recipients and the journal row of acceptance; the number of their flow."""
        self._insert_content(message_id, new)
        self._insert_message(message_id, new)
        flow_id = self.flows.id_of(new.account_id, new.mail_class.value, new.stream_id, new.sender_domain)
        rows = [self._recipient_row(message_id, flow_id, new, recipient) for recipient in recipients]
        self._insert_recipients(rows)
        facts = Facts(size_bytes=new.size_bytes, recipients=len(rows))
        seq = self.counters.journal()
        self.journal(seq, new.received_ms, JournalKind.ACCEPTED, new.account_id, message_id, 0, 0, facts)
        return flow_id

    def _insert_content(self, content_id: int, new: NewMessage) -> None:
        body, spool = (new.body.octets, None) if isinstance(new.body, InlineBody) else (None, new.body.name)
        self._db.execute(
            "INSERT INTO content (id, kind, head, body, spool) VALUES (?, ?, ?, ?, ?)",
            (content_id, new.content_kind.value, new.head, body, spool),
        )

    def _insert_message(self, message_id: int, new: NewMessage) -> None:
        self._db.execute(
            "INSERT INTO message (id, content_id, stream_id, account_id, credential_id, mail_class, reverse_path,"
            " body_type, smtputf8, ret, envid, size_bytes, eight_bit, received_ms, expires_ms, source, is_notice,"
            " verp_domain, path_kept) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                message_id, message_id, new.stream_id, new.account_id, new.credential_id, new.mail_class.value,
                new.reverse_path, str(new.body_type), int(new.smtputf8), new.ret, new.envid, new.size_bytes,
                int(new.eight_bit), new.received_ms, new.expires_ms, new.source, int(new.is_notice), new.verp_domain,
                new.path_kept,
            ),
        )  # fmt: skip

    def _recipient_row(
        self, message_id: int, flow_id: int, new: NewMessage, recipient: NewRecipient
    ) -> tuple[object, ...]:
        """No value is an enum or a bool: SQLite's driver takes those on a slow way."""
        domain_id = self.domain_id(recipient.domain)
        state, next_ms, lease, seq = _LEASED_STATE, None, recipient.lease or None, 0
        if recipient.hold:
            state, next_ms, lease, seq = _HELD_STATE, new.expires_ms, None, self.counters.journal()
            facts = Facts(reason=recipient.hold)
            self.journal(seq, new.received_ms, JournalKind.HELD, new.account_id, message_id, recipient.id, 0, facts)
        elif lease is None:
            state, next_ms = _SCHEDULED_STATE, recipient.next_ms
            self.backlog.scheduled(domain_id, flow_id, next_ms)
        address = recipient.address
        return (
            recipient.id, message_id, domain_id, flow_id, address, address_hash(address), state, next_ms, lease, seq,
            recipient.notify or None, recipient.orcpt or None,
        )  # fmt: skip

    def _insert_recipients(self, rows: list[tuple[object, ...]]) -> None:
        self._db.executemany(
            "INSERT INTO recipient (id, message_id, domain_id, flow_id, address, address_hash, state, next_ms, lease,"
            " journal_seq, notify, orcpt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )

    def insert_stream(self, message_id: int, account_id: int, name: str, now_ms: int) -> None:
        """A stream; its id is that of the message all its recipients share."""
        self._db.execute(
            "INSERT INTO stream (id, account_id, name, run_state, message_id, created_ms) VALUES (?, ?, ?, ?, ?, ?)",
            (message_id, account_id, name, "running", message_id, now_ms),
        )

    def flow_of_message(self, message_id: int) -> int:
        """The flow of a message's, or a stream's, recipients."""
        query = "SELECT account_id, mail_class, stream_id, reverse_path, verp_domain FROM message WHERE id = ?"
        account_id, mail_class, stream_id, given, verp_domain = self._db.execute(query, (message_id,)).fetchone()
        return self.flows.id_of(account_id, mail_class, stream_id, verp_domain or sender_domain(given))

    # -- domains --------------------------------------------------------------------------------------------------

    def domain_id(self, name: str) -> int:
        """The row of a domain, made when it is new."""
        known = self._domain_ids.get(name)
        if known is not None:
            return known
        row = self._db.execute("SELECT id FROM domain WHERE name = ?", (name,)).fetchone()
        if row is None:
            row = self._db.execute("INSERT INTO domain (name) VALUES (?) RETURNING id", (name,)).fetchone()
        if len(self._domain_ids) >= _MAX_CACHED_DOMAINS:
            self._domain_ids.clear()
        self._domain_ids[name] = row[0]
        return row[0]

    def domain_id_if_known(self, name: str) -> int | None:
        """The row of a domain if memory has it; no statement."""
        return self._domain_ids.get(name)

    # -- leasing --------------------------------------------------------------------------------------------------

    def due_recipients(
        self, domain_id: int, flow_id: int, now_ms: int, after: tuple[int, int], limit: int
    ) -> list[DueRow]:
        """Due recipients beyond `after` = (next_ms, id), in that order."""
        rows = BY_TIME.page(self._db, _DUE, (domain_id, flow_id, now_ms), after, limit)
        return [DueRow(*row) for row in rows]

    def waiting_rows(self, recipient_ids: Iterable[int]) -> list[DueRow]:
        """These recipients, which are scheduled or held; not those whose message is gone."""
        query = _ROWS + "WHERE r.id = ?"
        found = (self._db.execute(query, (recipient_id,)).fetchone() for recipient_id in recipient_ids)
        return [DueRow(*row) for row in found if row is not None]

    def held_and_expired(self, now_ms: int, limit: int) -> list[DueRow]:
        """Held recipients whose message is too old (their next_ms is when it is)."""
        query = _ROWS + "WHERE r.state = 2 AND r.next_ms <= ? LIMIT ?"
        return [DueRow(*row) for row in self._db.execute(query, (now_ms, limit))]

    def lease(self, recipient_ids: Iterable[int], token: int) -> dict[int, int]:
        """Lease those that are still scheduled: id → journal_seq, which may be newer than what the caller has read."""
        follow(RecipientState.SCHEDULED, Event.LEASE)
        leased: dict[int, int] = {}
        for recipient_id in recipient_ids:
            rows = self._db.execute(
                "UPDATE recipient SET state = 1, lease = ?, next_ms = NULL WHERE id = ? AND state = 0"
                " RETURNING journal_seq, domain_id, flow_id",
                (token, recipient_id),
            ).fetchall()
            for journal_seq, domain_id, flow_id in rows:
                leased[recipient_id] = journal_seq
                self.backlog.gone(domain_id, flow_id)
        return leased

    def leased_below(self, token: int, limit: int) -> list[LeasedRow]:
        """Recipients leased by tokens below `token`: those of earlier incarnations."""
        query = _LEASED + "WHERE r.state = 1 AND r.lease < ? LIMIT ?"
        return [LeasedRow(*row) for row in self._db.execute(query, (token, limit))]

    # -- transitions ----------------------------------------------------------------------------------------------

    def end_leases(self, endings: Sequence[Ending]) -> None:
        """LEASED → the state of each. Raises LeaseLost when one is not leased by its token: the caller undoes all.

        The caller says to `backlog` who is scheduled then.
        """
        cursor = self._db.executemany(
            "UPDATE recipient SET state = ?, lease = NULL, next_ms = ?, attempts = ?, journal_seq = ?, notice = ?"
            " WHERE id = ? AND state = 1 AND lease = ?",
            endings,
        )
        if cursor.rowcount != len(endings):
            raise LeaseLost(f"{len(endings) - cursor.rowcount} of {len(endings)} recipients are not leased")

    def move(
        self, old: RecipientState, event: Event, fact: Fact, *, next_ms: int | None = None, notice: int = 0
    ) -> bool:
        """A transition that holds no lease, and its journal row; False when the recipient was no longer in `old`."""
        assert old is not RecipientState.LEASED
        state = follow(old, event)
        query = "SELECT journal_seq, domain_id, flow_id FROM recipient WHERE id = ? AND state = ?"
        row = self._db.execute(query, (fact.recipient_id, old)).fetchone()
        if row is None:
            return False
        journal_seq, domain_id, flow_id = row
        seq = self._append(fact, journal_seq)
        if old is RecipientState.SCHEDULED:
            self.backlog.gone(domain_id, flow_id)
        if state is RecipientState.SCHEDULED:
            assert next_ms is not None
            self.backlog.scheduled(domain_id, flow_id, next_ms)
        self._db.execute(
            "UPDATE recipient SET state = ?, next_ms = ?, journal_seq = ?, notice = ? WHERE id = ? AND state = ?",
            (state, next_ms, seq, notice, fact.recipient_id, old),
        )
        return True

    def _append(self, fact: Fact, prev_seq: int) -> int:
        """`prev_seq` was read in this operation: others write histories of what waits in memory, too."""
        seq = self.counters.journal()
        self.journal(
            seq, fact.at_ms, fact.kind, fact.account_id, fact.message_id, fact.recipient_id, prev_seq, fact.facts
        )
        return seq

    def reschedule(self, recipient_id: int, next_ms: int) -> bool:
        """Change when a scheduled recipient is due; no state changes."""
        pairs: list[Pair] = self._db.execute(
            "UPDATE recipient SET next_ms = ? WHERE id = ? AND state = 0 RETURNING domain_id, flow_id",
            (next_ms, recipient_id),
        ).fetchall()
        for pair in pairs:
            self.backlog.due(*pair, next_ms)
        return bool(pairs)

    def journal(
        self,
        seq: int,
        at_ms: int,
        kind: JournalKind,
        account_id: int,
        message_id: int,
        recipient_id: int,
        prev_seq: int,
        facts: Facts,
    ) -> None:
        """Append a fact under a number taken from `counters`."""
        self.journal_all(
            [(seq, at_ms, kind.value, account_id, message_id, recipient_id, prev_seq, encode_facts(facts))]
        )

    def journal_all(self, entries: Sequence[JournalEntry]) -> None:
        self._db.executemany(
            "INSERT INTO journal (seq, at_ms, kind, account_id, message_id, recipient_id, prev_seq, facts)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            entries,
        )

    # -- connects -------------------------------------------------------------------------------------------------

    def note_connects(self, connects: Iterable[tuple[int, str, str]]) -> None:
        """Connects as (epoch ms, provider, source)."""
        self._db.executemany("INSERT INTO connect (at_ms, provider, source) VALUES (?, ?, ?)", connects)

    def connects_since(self, since_ms: int) -> list[tuple[int, str, str]]:
        return self._db.execute(
            "SELECT at_ms, provider, source FROM connect WHERE at_ms >= ? ORDER BY at_ms", (since_ms,)
        ).fetchall()

    # -- content --------------------------------------------------------------------------------------------------

    def content(self, content_id: int) -> StoredContent | None:
        """None: it is gone. Raises ValueError or TypeError when the row is damaged."""
        row = self._db.execute("SELECT id, kind, head, body, spool FROM content WHERE id = ?", (content_id,)).fetchone()
        if row is None:
            return None
        number, kind, head, body, name = row
        if type(head) is not bytes or type(body) not in (bytes, NoneType):
            raise TypeError("the column of a content's octets holds no octets")
        return StoredContent(number, ContentKind(kind), head, body, name)

    def spool_names(self) -> set[str]:
        """Files that some row needs, of outgoing and of inbound mail."""
        outgoing = {row[0] for row in self._db.execute("SELECT spool FROM content WHERE spool IS NOT NULL")}
        return outgoing | inbound_rows.spool_names(self._db)

    # -- notices (queue.storage.owing has the rest) ---------------------------------------------------------------

    def watch_delay(self, message_id: int) -> None:
        """A recipient of the message waits: look at it when it is old enough for a notice of delay."""
        self._db.execute(
            "INSERT INTO delay_watch (message_id, look_ms) SELECT id, received_ms + ? FROM message WHERE id = ?"
            " ON CONFLICT DO NOTHING",
            (DELAY_MS, message_id),
        )

    # -- operators ------------------------------------------------------------------------------------------------

    def meet_released(self, recipient_id: int, now_ms: int) -> None:
        """Whom a person's login wrote to, though held, is no stranger to its account (queue.people.acquaintances)."""
        people.meet_released(self._db, recipient_id, now_ms)
