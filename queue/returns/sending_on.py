"""Sending on: mail to postmaster and abuse goes to the operator.

Owns   which stored message becomes a letter to the operator, how many an hour, and the row that is queued for it.
Knows  no form (mta.message.sent_on), no rule about addresses, and not where the operator's address is configured.

Invariants
    What we sent on is not sent on again: however addresses point to each other, a letter passes here once.
    Nobody is ever told about it: no notice is owed for it, and the null reverse-path hears none (RFC 5321 §4.5.5).
    It is queued in the operation that marks the message read. The spool file of a large one is synced before that, and
    taken away when it is not needed; a death between leaves an orphan, which start sweeps.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import msgspec

from ...mta.address import AddressError, split_address
from ...mta.clock import Clock
from ...mta.envelope import Body, Domain
from ...mta.message.sent_on import SentOn, around, has_passed
from ...mta.submission.ports import SpooledBody, StoredBody
from ..classes import MailClass
from ..contents import spool
from ..contents.content import ContentKind
from ..ids import inbound_id
from ..inbound.inbound_mail import Effect, InboundContent
from ..retry import RetrySchedule
from ..storage import inbound_rows
from ..storage.backlog import Pair
from ..storage.group_commit import GroupCommit
from ..storage.rows import NewMessage, NewRecipient
from ..storage.store import QueueStore

PER_HOUR = 60
_HOUR_SECONDS = 3600.0
_CHUNK = 256 * 1024

_log = logging.getLogger("youtong.inbound")


class Onward(msgspec.Struct):
    """A letter about to be queued, and afterwards whose mail is due."""

    new: NewMessage
    to: str
    domain: Domain
    due: Pair | None = None


class _Written(msgspec.Struct, frozen=True):
    head: bytes
    body: StoredBody
    size_bytes: int
    is_ascii: bool


class SendingOn:
    def __init__(
        self,
        commits: GroupCommit,
        store: QueueStore,
        spool_folder: Path,
        schedule: RetrySchedule,
        due_now: Callable[[Pair, str], None],
        clock: Clock,
        *,
        hostname: str,
        operator: str,
    ) -> None:
        """`operator`: their address, or ""."""
        self._commits, self._store, self._spool = commits, store, spool_folder
        self._schedule, self._due_now, self._clock = schedule, due_now, clock
        self._hostname = hostname
        self.operator = operator
        self._sent: deque[float] = deque()

    async def prepare(self, seq: int, written_to: str) -> Onward | None:
        """The letter for a stored message; None when it is not to be sent on. Raises StorageError, OSError."""
        address = _address(self.operator)
        if address is None:
            return None
        content = await self._commits.submit(lambda db: inbound_rows.content(db, seq))
        if content is None or has_passed(content.head, self._hostname) or not self._may_send():
            return None
        to, domain = address
        facts = SentOn(
            hostname=self._hostname,
            unique=secrets.token_hex(16),
            to=to,
            now_ms=self._clock.now_ms(),
            written_to=written_to,
            number=inbound_id(seq),
            head=content.head,
        )
        written = await asyncio.to_thread(self._write, facts, content)
        return Onward(self._letter(facts, written), to, domain)

    def send(self, onward: Onward | None) -> Effect:
        """Within the operation that marks the message."""
        if onward is None:
            return Effect.KEPT
        recipient = NewRecipient(self._store.counters.recipient(), onward.to, onward.domain, onward.new.received_ms)
        flow_id = self._store.insert_message(self._store.counters.message(), onward.new, [recipient])
        onward.due = (self._store.domain_id(onward.domain), flow_id)
        return Effect.SENT_ON

    def done(self, onward: Onward | None) -> None:
        """After the commit."""
        if onward is not None and onward.due is not None:
            self._due_now(onward.due, onward.domain)

    def undo(self, onward: Onward | None) -> None:
        """It was not queued."""
        if onward is not None and isinstance(onward.new.body, SpooledBody):
            spool.remove(self._spool, onward.new.body.name)

    def _may_send(self) -> bool:
        now = self._clock.monotonic()
        while self._sent and self._sent[0] <= now - _HOUR_SECONDS:
            self._sent.popleft()
        if len(self._sent) >= PER_HOUR:
            _log.warning("mail for the operator is kept: %d were sent on in the last hour", PER_HOUR)
            return False
        self._sent.append(now)
        return True

    # -- in a thread --------------------------------------------------------------------------------------------------

    def _write(self, facts: SentOn, content: InboundContent) -> _Written:
        is_ascii = content.head.isascii() and all(chunk.isascii() for chunk in self._chunks(content))
        head, before, behind = around(facts, is_ascii=is_ascii)
        writer = spool.SpoolWriter(self._spool)
        size = len(head)
        try:
            for octets in chain((before, content.head), self._chunks(content), (behind,)):
                writer.write(octets)
                size += len(octets)
            body = writer.finish()
        except BaseException:
            writer.discard()
            raise
        if isinstance(body, SpooledBody):
            spool.sync(self._spool, body.name)
        return _Written(head, body, size, is_ascii)

    def _chunks(self, content: InboundContent) -> Iterator[bytes]:
        if content.spool is None:
            yield content.body or b""
            return
        with (self._spool / content.spool).open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def _letter(self, facts: SentOn, written: _Written) -> NewMessage:
        return NewMessage(
            account_id=0,
            credential_id=0,
            mail_class=MailClass.PEOPLE,
            reverse_path="",
            body_type=Body.SEVEN_BIT if written.is_ascii else Body.EIGHT_BIT,
            smtputf8=not facts.to.isascii(),
            ret="",
            envid="",
            size_bytes=written.size_bytes,
            eight_bit=not written.is_ascii,
            received_ms=facts.now_ms,
            expires_ms=facts.now_ms + self._schedule.lifetime_ms(MailClass.PEOPLE),
            source="",
            content_kind=ContentKind.SUBMITTED,
            head=written.head,
            body=written.body,
            is_notice=True,
        )


def _address(operator: str) -> tuple[str, Domain] | None:
    try:
        _local, domain = split_address(operator, smtputf8=True)
    except AddressError:
        return None
    return operator, domain
