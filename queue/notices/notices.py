"""Notices: when something is told to the reverse-path.

Owns   the trigger: one notice per message and round, recipients grouped, queued in the transaction that marks it sent.
Knows  not what is owed (queue.notices.owed), nor how a notice looks: composing is given (mta.message.dsn through the
       composition root).

Invariants
    An end is owed by a row (`recipient.notice = 1`) from the transaction of the end on, a delay by a row of the watch:
    no death loses a notice, and none is sent twice. It leaves with the null reverse-path (RFC 5321 §4.5.5), so nothing
    answers one that cannot be delivered: it ends with its age.
    A notice asks for SMTPUTF8 only when its address has no form in ASCII.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from ...mta.address import AddressError, split_address
from ...mta.clock import Clock
from ...mta.envelope import Body, Domain
from ...mta.message.notice import Action
from ...mta.submission.ports import InlineBody
from ..classes import MailClass
from ..contents.content import ContentKind
from ..ids import QueueId, queue_id
from ..journal import Facts, JournalKind
from ..retry import RetrySchedule
from ..storage import owing
from ..storage.backlog import Pair
from ..storage.database import StorageError
from ..storage.group_commit import GroupCommit
from ..storage.owing import NoticedMessage, Told
from ..storage.rows import NewMessage, NewRecipient
from ..storage.store import QueueStore

_log = logging.getLogger("youtong.queue")
_SOON_SECONDS = 0.5
_AGAIN_SECONDS = 5.0
_PATIENCE_SECONDS = 60.0
_FAULT_SECONDS = 600.0
_LEASED_MS = 60_000  # a recipient that is being attempted is looked at again after this time
MAX_RECIPIENTS = 500  # in one notice; the others follow in the next


class Composed(msgspec.Struct, frozen=True):
    """A notice's octets: head with its blank line, and body."""

    head: bytes
    body: bytes


class NoticeFacts(msgspec.Struct, frozen=True):
    """What a notice is made of. `to` is the reverse-path, in ASCII where it has an ASCII form."""

    queue_id: QueueId
    message: NoticedMessage
    to: str
    told: tuple[Told, ...]
    now_ms: int


class _Queued(msgspec.Struct, frozen=True):
    """What became of a debt: whose mail is due now, and whether more is owed."""

    due: tuple[Pair, Domain] | None = None
    more: bool = False


class Notices:
    def __init__(
        self,
        commits: GroupCommit,
        store: QueueStore,
        compose: Callable[[NoticeFacts], Composed],
        schedule: RetrySchedule,
        clock: Clock,
        due_now: Callable[[Pair, str], None],
    ) -> None:
        self._commits, self._store, self._compose = commits, store, compose
        self._schedule, self._clock, self._due_now = schedule, clock, due_now
        self._since: dict[int, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopped = False

    async def at_start(self) -> None:
        """Notices owed from before."""
        for message_id in await self._commits.submit(owing.messages_owing):
            self.owed(message_id)

    def stop(self) -> None:
        """No more are begun: what is owed stays owed, for the next owner."""
        self._is_stopped = True

    def owed(self, message_id: int) -> None:
        """A recipient of the message has ended: its notice leaves soon, with those that end in the same round."""
        if message_id not in self._since:
            self._since[message_id] = self._clock.monotonic()
            self._later(_SOON_SECONDS, message_id)

    def late(self, message_id: int) -> None:
        """It is time to look for recipients that wait; a round that is still open after so long is not waited for."""
        if message_id not in self._since:
            self._since[message_id] = self._clock.monotonic() - _PATIENCE_SECONDS
            self._later(_SOON_SECONDS, message_id)

    def _later(self, seconds: float, message_id: int) -> None:
        asyncio.get_running_loop().call_later(seconds, self._spawn, message_id)

    def _spawn(self, message_id: int) -> None:
        if self._is_stopped:
            return
        task = asyncio.get_running_loop().create_task(self._try(message_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _try(self, message_id: int) -> None:
        patience = self._clock.monotonic() - self._since[message_id] < _PATIENCE_SECONDS
        try:
            if patience and await self._commits.submit(lambda db: owing.is_first_round_open(db, message_id)):
                self._later(_AGAIN_SECONDS, message_id)
                return
            queued = await self._commits.submit(lambda db: self._settle_debt(db, message_id))
        except StorageError as error:
            _log.error("notice cannot be queued yet message=%s error=%s", queue_id(message_id), error)
            self._later(_AGAIN_SECONDS, message_id)
            return
        except Exception:  # noqa: BLE001 - the bulkhead of one notice (Q7): it stays owed
            _log.exception("notice cannot be composed message=%s", queue_id(message_id))
            self._later(_FAULT_SECONDS, message_id)
            return
        del self._since[message_id]
        self._go_on(message_id, queued)

    def _go_on(self, message_id: int, queued: _Queued) -> None:
        if queued.due is not None:
            self._due_now(*queued.due)
        if queued.more:
            self.late(message_id)

    def _settle_debt(self, db: sqlite3.Connection, message_id: int) -> _Queued:
        """Queue the notice that is owed and mark it sent, or find that none is owed any more."""
        now_ms = self._clock.now_ms()
        about = owing.message(db, message_id)
        told = owing.ended(db, message_id, MAX_RECIPIENTS)
        told += owing.delayed(db, about, now_ms, MAX_RECIPIENTS - len(told))
        more = len(told) == MAX_RECIPIENTS
        due = self._queue_notice(db, about, told, now_ms) if told else None
        if not more:
            owing.looked_at(db, message_id, now_ms, now_ms + _LEASED_MS)
        return _Queued(due, more)

    def _queue_notice(
        self, db: sqlite3.Connection, about: NoticedMessage, told: Sequence[Told], now_ms: int
    ) -> tuple[Pair, Domain] | None:
        try:
            to, domain = _address(about.reverse_path)
        except AddressError:
            self._mark(db, about, told, 0, now_ms)
            return None
        facts = NoticeFacts(queue_id(about.id), about, to, tuple(told), now_ms)
        new_id = self._store.counters.message()
        recipient = NewRecipient(self._store.counters.recipient(), to, domain, now_ms)
        flow_id = self._store.insert_message(new_id, self._new_message(facts), [recipient])
        self._mark(db, about, told, new_id, now_ms)
        return (self._store.domain_id(domain), flow_id), domain

    def _new_message(self, facts: NoticeFacts) -> NewMessage:
        composed = self._compose(facts)
        eight_bit = not (composed.head.isascii() and composed.body.isascii())
        return NewMessage(
            account_id=facts.message.account_id,
            credential_id=0,
            mail_class=MailClass.PEOPLE,
            reverse_path="",
            body_type=Body.EIGHT_BIT if eight_bit else Body.SEVEN_BIT,
            smtputf8=not facts.to.isascii(),
            ret="",
            envid="",
            size_bytes=len(composed.head) + len(composed.body),
            eight_bit=eight_bit,
            received_ms=facts.now_ms,
            expires_ms=facts.now_ms + self._schedule.lifetime_ms(MailClass.PEOPLE),
            source="",
            content_kind=ContentKind.SUBMITTED,
            head=composed.head,
            body=InlineBody(composed.body),
            is_notice=True,
        )

    def _mark(
        self, db: sqlite3.Connection, about: NoticedMessage, told: Sequence[Told], new_id: int, now_ms: int
    ) -> None:
        for each in told:
            seq = self._store.counters.journal()
            facts = Facts(notice_message=new_id, notice_action=each.action)
            if each.action is Action.DELAYED:
                owing.mark_delay_told(db, each, seq, now_ms)
            else:
                owing.mark_end_told(db, each, seq)
            self._store.journal(
                seq, now_ms, JournalKind.NOTICE, about.account_id, about.id, each.id, each.journal_seq, facts
            )


def _address(reverse_path: str) -> tuple[str, Domain]:
    """Where the notice goes. Raises AddressError."""
    local, domain = split_address(reverse_path, smtputf8=True)
    has_ascii_form = local.isascii() and not reverse_path.isascii()
    return (f"{local}@{domain}" if has_ascii_form else reverse_path), domain
