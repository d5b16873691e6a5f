"""Rows of queue.db as values.

Owns   what goes in and comes out of the store.
Knows  no SQL.
"""

import msgspec

from ...mta.submission.ports import StoredBody
from ..classes import MailClass
from ..contents.content import ContentKind
from ..flows import sender_domain
from ..journal import Facts, JournalKind


class NewMessage(msgspec.Struct, frozen=True):
    """A message about to be inserted."""

    account_id: int
    credential_id: int
    mail_class: MailClass
    reverse_path: str
    body_type: str
    smtputf8: bool
    ret: str
    envid: str
    size_bytes: int
    eight_bit: bool
    received_ms: int
    expires_ms: int
    source: str
    content_kind: ContentKind
    head: bytes
    body: StoredBody
    stream_id: int = 0
    is_notice: bool = False
    verp_domain: str = ""  # and why there is none: queue.return_paths
    path_kept: str = ""

    @property
    def sender_domain(self) -> str:
        """As receivers see it."""
        return self.verp_domain or sender_domain(self.reverse_path)


class NewRecipient(msgspec.Struct, gc=False):
    """A recipient about to be inserted: scheduled at `next_ms`, leased by `lease`, or held for `hold`."""

    id: int
    address: str
    domain: str
    next_ms: int
    lease: int = 0  # 0: not leased
    hold: str = ""
    notify: str = ""
    orcpt: str = ""


class DueRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A scheduled recipient that is due, with what its message says. The order is that of the query."""

    id: int
    next_ms: int
    domain_id: int
    flow_id: int
    journal_seq: int
    address: str
    attempts: int
    notify: str
    orcpt: str
    fields: str
    message_id: int
    content_id: int
    stream_id: int
    account_id: int
    mail_class: str
    reverse_path: str
    body_type: str
    smtputf8: int
    ret: str
    envid: str
    size_bytes: int
    eight_bit: int
    expires_ms: int
    source: str
    is_notice: int
    verp_domain: str


class LeasedRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A leased recipient, as settlement and recovery need it."""

    id: int
    lease: int
    message_id: int
    domain_id: int
    flow_id: int
    attempts: int
    journal_seq: int
    notify: str
    account_id: int
    mail_class: str
    reverse_path: str
    expires_ms: int
    content_id: int
    is_notice: int


Ending = tuple[int, int | None, int, int, int, int, int]
"""The end of a lease: state, next_ms, attempts, journal_seq, notice; recipient id, lease. The order is that of the
statement, and no value is an enum or a bool: SQLite's driver takes those on a slow way."""

JournalEntry = tuple[int, int, str, int, int, int, int, str]
"""A journal row in the order of its columns; facts encoded."""


class Fact(msgspec.Struct, frozen=True):
    """Something about to be written into a recipient's history."""

    at_ms: int
    kind: JournalKind
    account_id: int
    message_id: int
    recipient_id: int
    facts: Facts


class OperatedRow(msgspec.Struct, frozen=True):
    """A recipient that an operator's verb may change."""

    id: int
    message_id: int
    domain_id: int
    flow_id: int
    journal_seq: int
    next_ms: int | None
    account_id: int
    expires_ms: int
    domain: str
    lease: int | None = None
