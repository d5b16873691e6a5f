"""Transactions: recipients of one message in one domain, on their way to a worker.

Owns   the values Ready (waits in a ready queue, not yet leased) and Leased (in flight), and their forms for the store
       and for the worker.
Knows  nothing of limits.
"""

import msgspec

from ..mta.delivery.host import Host
from ..mta.delivery.job import JobRecipient
from .classes import MailClass
from .contents.content import StoredContent
from .flows import Flow
from .gate import Candidate
from .protocol import JobParcel, LaneKey
from .storage.backlog import Pair
from .storage.rows import DueRow, LeasedRow


class MessageFacts(msgspec.Struct, frozen=True):
    """What every transaction of a message shares."""

    message_id: int
    content_id: int
    stream_id: int
    account_id: int
    mail_class: MailClass
    reverse_path: str
    body_type: str
    smtputf8: bool
    ret: str
    envid: str
    size_bytes: int
    eight_bit: bool
    expires_ms: int
    source: str
    flow: Flow
    is_notice: bool = False
    verp_domain: str = ""  # queue.return_paths


class Waiting(msgspec.Struct, frozen=True, gc=False):
    """One recipient of a transaction."""

    id: int
    domain_id: int
    address: str
    attempts: int
    journal_seq: int
    notify: str
    orcpt: str
    fields: str


class Ready(msgspec.Struct):
    """A transaction in a ready queue. Its recipients are still scheduled: leasing checks each again."""

    message: MessageFacts
    domain: str
    site: str
    hosts: tuple[Host, ...]
    recipients: list[Waiting]

    @property
    def sender_domain(self) -> str:
        return self.message.flow.key.sender_domain

    @property
    def pair(self) -> Pair:
        """Domain and flow, by number."""
        return self.recipients[0].domain_id, self.message.flow.id


class Leased(msgspec.Struct):
    """A transaction in flight. `content` is given until it was handed over."""

    token: int
    lane: LaneKey
    ready: Ready
    content: StoredContent | None = None
    started: float = 0.0  # when its lease was asked for, monotonic
    date_ms: int = 0  # of a stream's letter

    def parcel(self) -> JobParcel:
        message = self.ready.message
        return JobParcel(
            token=self.token,
            lane=self.lane,
            site=self.ready.site,
            content_id=message.content_id,
            reverse_path=message.reverse_path,
            recipients=tuple(
                # What comes back to us says more than the sender asked for; who asked is told by us (RFC 3461 §5.2.2).
                JobRecipient(each.id, each.address, "" if message.verp_domain else each.notify, each.orcpt)
                for each in self.ready.recipients
            ),
            body=message.body_type,
            smtputf8=message.smtputf8,
            ret=message.ret,
            envid=message.envid,
            size_bytes=message.size_bytes,
            eight_bit=message.eight_bit,
            fields=self.ready.recipients[0].fields if len(self.ready.recipients) == 1 else "",
            flow=message.flow.id,
            date_ms=self.date_ms,
            urgent=message.flow.is_urgent,
            verp_domain=message.verp_domain,
        )

    def rows(self) -> list[LeasedRow]:
        """The recipients as settlement needs them, in the parcel's order."""
        return [self.row(each) for each in self.ready.recipients]

    def row(self, recipient: Waiting) -> LeasedRow:
        message = self.ready.message
        return LeasedRow(
            recipient.id,
            self.token,
            message.message_id,
            recipient.domain_id,
            message.flow.id,
            recipient.attempts,
            recipient.journal_seq,
            recipient.notify,
            message.account_id,
            message.mail_class,
            message.reverse_path,
            message.expires_ms,
            message.content_id,
            int(message.is_notice),
        )

    def in_flight_bytes(self) -> int:
        """What this transaction may hold in memory, here or in its worker."""
        return self.ready.message.size_bytes


def candidate(message: MessageFacts, address: str) -> Candidate:
    return Candidate(message.account_id, message.stream_id, message.mail_class, address)


def facts_of(row: DueRow, flow: Flow) -> MessageFacts:
    return MessageFacts(
        message_id=row.message_id,
        content_id=row.content_id,
        stream_id=row.stream_id,
        account_id=row.account_id,
        mail_class=MailClass(row.mail_class),
        reverse_path=row.reverse_path,
        body_type=row.body_type,
        smtputf8=bool(row.smtputf8),
        ret=row.ret,
        envid=row.envid,
        size_bytes=row.size_bytes,
        eight_bit=bool(row.eight_bit),
        expires_ms=row.expires_ms,
        source=row.source,
        flow=flow,
        is_notice=bool(row.is_notice),
        verp_domain=row.verp_domain,
    )


def waiting_of(row: DueRow) -> Waiting:
    return Waiting(row.id, row.domain_id, row.address, row.attempts, row.journal_seq, row.notify, row.orcpt, row.fields)
