"""Notices: when a failure is told to the reverse-path.

Owns   the trigger: one notice per message and round, recipients grouped, queued in the transaction that marks it sent.
Knows  not how a notice looks: composing is given (mta.message.dsn through the composition root).

Invariants
    A notice is owed by a row (`recipient.notice = 1`) from the transaction of the failure on, so no death loses it, and
    none is sent twice. Never for a notice, never to the null reverse-path (RFC 5321 §4.5.5).
"""

import asyncio
import logging
from collections.abc import Callable

import msgspec

from ..mta.address import AddressError, split_address
from ..mta.clock import Clock
from ..mta.envelope import Body
from ..mta.submission.ports import InlineBody
from .classes import MailClass
from .content import ContentKind
from .ids import QueueId, queue_id
from .journal import Facts, JournalKind
from .retry import RetrySchedule
from .storage.database import StorageError
from .storage.group_commit import GroupCommit
from .storage.rows import FailedRow, NewMessage, NewRecipient, OwedNotice
from .storage.store import QueueStore

_log = logging.getLogger("youtong.queue")
_SOON_SECONDS = 0.5
_AGAIN_SECONDS = 5.0
_PATIENCE_SECONDS = 60.0
_FAULT_SECONDS = 600.0


class Composed(msgspec.Struct, frozen=True):
    """A notice's octets: head with its blank line, and body."""

    head: bytes
    body: bytes


class NoticeFacts(msgspec.Struct, frozen=True):
    """What a notice is made of."""

    queue_id: QueueId
    notice: OwedNotice
    failed: tuple[FailedRow, ...]
    now_ms: int


class Notices:
    def __init__(
        self,
        commits: GroupCommit,
        store: QueueStore,
        compose: Callable[[NoticeFacts], Composed],
        schedule: RetrySchedule,
        clock: Clock,
        due_now: Callable[[int, str], None],
    ) -> None:
        self._commits, self._store, self._compose = commits, store, compose
        self._schedule, self._clock, self._due_now = schedule, clock, due_now
        self._since: dict[int, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def at_start(self) -> None:
        """Notices owed from before."""
        for message_id in await self._commits.submit(lambda _: self._store.messages_owing_notice()):
            self.owed(message_id)

    def owed(self, message_id: int) -> None:
        """A recipient of the message failed: its notice leaves soon, with those that fail in the same round."""
        if message_id not in self._since:
            self._since[message_id] = self._clock.monotonic()
            self._later(_SOON_SECONDS, message_id)

    def _later(self, seconds: float, message_id: int) -> None:
        asyncio.get_running_loop().call_later(seconds, self._spawn, message_id)

    def _spawn(self, message_id: int) -> None:
        task = asyncio.get_running_loop().create_task(self._try(message_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _try(self, message_id: int) -> None:
        patience = self._clock.monotonic() - self._since[message_id] < _PATIENCE_SECONDS
        try:
            if patience and await self._commits.submit(lambda _: self._store.is_first_round_open(message_id)):
                self._later(_AGAIN_SECONDS, message_id)
                return
            due = await self._commits.submit(lambda _: self._queue_notice(message_id))
        except StorageError as error:
            _log.error("notice cannot be queued yet message=%s error=%s", queue_id(message_id), error)
            self._later(_AGAIN_SECONDS, message_id)
            return
        except Exception:  # noqa: BLE001 - the bulkhead of one notice (Q7): it stays owed
            _log.exception("notice cannot be composed message=%s", queue_id(message_id))
            self._later(_FAULT_SECONDS, message_id)
            return
        del self._since[message_id]
        if due is not None:
            self._due_now(*due)

    def _queue_notice(self, message_id: int) -> tuple[int, str] | None:
        notice = self._store.owed_notice(message_id)
        failed = self._store.failed_owing_notice(message_id)
        if notice is None or not failed:
            return None
        try:
            _, domain = split_address(notice.reverse_path, smtputf8=True)
        except AddressError:
            self._mark(notice, failed, 0)
            return None
        facts = NoticeFacts(queue_id(message_id), notice, tuple(failed), self._clock.now_ms())
        new_id = self._store.counters.message()
        recipient = NewRecipient(self._store.counters.recipient(), notice.reverse_path, domain, facts.now_ms)
        self._store.insert_message(new_id, self._new_message(facts), [recipient])
        self._mark(notice, failed, new_id)
        return self._store.domain_id(domain), domain

    def _new_message(self, facts: NoticeFacts) -> NewMessage:
        composed = self._compose(facts)
        return NewMessage(
            account_id=facts.notice.account_id,
            credential_id=0,
            mail_class=MailClass.PEOPLE,
            reverse_path="",
            body_type=Body.SEVEN_BIT,
            smtputf8=not facts.notice.reverse_path.isascii(),
            ret="",
            envid="",
            size_bytes=len(composed.head) + len(composed.body),
            eight_bit=False,
            received_ms=facts.now_ms,
            expires_ms=facts.now_ms + self._schedule.lifetime_ms(MailClass.PEOPLE),
            source="",
            content_kind=ContentKind.SUBMITTED,
            head=composed.head,
            body=InlineBody(composed.body),
            is_notice=True,
        )

    def _mark(self, notice: OwedNotice, failed: list[FailedRow], new_id: int) -> None:
        for row in failed:
            seq = self._store.counters.journal()
            self._store.notice_sent(row.id, seq)
            self._store.journal(
                seq,
                self._clock.now_ms(),
                JournalKind.NOTICE,
                notice.account_id,
                notice.message_id,
                row.id,
                row.journal_seq,
                Facts(notice_message=new_id),
            )
