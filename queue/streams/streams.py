"""Streams: producers of recipients for a text, in the same queue as people's mail.

Owns   making a stream, its revisions and its run state; enqueueing is `queue.streams.enqueueing`, cancelling
       what waits of a stopped one `queue.streams.stopping`.
Knows  no campaign.

A stream's reverse-paths are VERP addresses of ours in its author's domain, from its making on; while what comes back
would not reach us it does not start. Its maker may ask for the reverse-path that was given, or its account may.

Invariants
    Q9  enqueueing the same key twice is one recipient.
    A paused or stopped stream stands in the book of suspensions from the moment of its commit: nothing of it is leased
        then, and workers were told when the verb answers.
    A revision is never changed. Who has not reached a final dot gets the newest one (queue.streams.revisions).
"""

import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec

from ...mta.clock import Clock
from ...mta.envelope import Body
from ...mta.submission.ports import InlineBody
from ..classes import MailClass
from ..contents.content import ContentKind
from ..contents.template_head import author_domain, checked_template, with_feedback_id
from ..ids import queue_id
from ..pace.suspensions import Suspension, Suspensions, SuspensionScope
from ..return_paths import GIVEN, NoVerp, ReturnPath, ReturnPaths, WhyKept
from ..storage import stream_rows
from ..storage.backlog import Pair
from ..storage.database import StorageError
from ..storage.group_commit import GroupCommit
from ..storage.rows import NewMessage
from ..storage.store import QueueStore
from ..storage.stream_rows import RevisionRow, StreamRow
from .enqueueing import Enqueueing, StreamRecipient
from .revisions import Revisions
from .stopping import Stopping
from .stream_states import RunState, StreamEvent, StreamIsStopped, follow

__all__ = ["NewStream", "NoWayBack", "StreamIsStopped", "StreamRecipient", "Streams", "UnknownStream"]


_Row = TypeVar("_Row")
_ASKED = ReturnPath(kept=WhyKept.ASKED)
_AT_WILL = (GIVEN, ReturnPath(kept=WhyKept.SWITCHED_OFF))  # the reverse-path given, and nobody minds

_log = logging.getLogger("youtong.queue")


class NewStream(msgspec.Struct, frozen=True):
    """A stream about to be made. `head` (with its blank line) and `body` are a template."""

    account_id: int
    name: str
    reverse_path: str
    head: bytes
    body: bytes
    lifetime_ms: int  # from now: whoever waits then has expired, and nobody joins any more
    mail_class: MailClass = MailClass.BULK
    is_paused: bool = False
    who: str = ""
    keeps_path: bool = False  # `reverse_path` is used as it is, and bounces go there


class NoWayBack(Exception):
    """Bounces of this stream would not reach us: it does not start."""

    def __init__(self, domain: str, why: WhyKept | None) -> None:
        super().__init__(f"bounces to {domain} do not come to us: {why}")
        self.domain, self.why = domain, why


class UnknownStream(LookupError):
    """There is no stream of this number; recipients without one would never leave."""


async def _nobody_to_tell() -> None:
    """Where nothing is leased."""


class Streams:
    def __init__(
        self,
        commits: GroupCommit,
        store: QueueStore,
        due_now: Callable[[Pair, str], None],
        clock: Clock,
        book: Suspensions | None = None,
        revisions: Revisions | None = None,
        stopping: Stopping | None = None,
        stops_changed: Callable[[], Awaitable[None]] = _nobody_to_tell,
        return_paths: ReturnPaths | None = None,
        feedback_id: Callable[[int, int], str] | None = None,
    ) -> None:
        """`stops_changed` returns when nothing that was stopped leaves any more. `feedback_id` makes the value of that
        field of an account's and a stream's number."""
        self._return_paths = NoVerp() if return_paths is None else return_paths
        self._feedback_id = feedback_id
        self._verp_domains: dict[int, str] = {}  # of streams that were asked about; they never change
        self._commits, self._store, self._clock = commits, store, clock
        self._book = Suspensions(clock) if book is None else book
        self._revisions = Revisions() if revisions is None else revisions
        self._stopping = Stopping(commits, store, self._book, clock) if stopping is None else stopping
        self._stops_changed = stops_changed
        self._enqueueing = Enqueueing(commits, store, due_now, clock)

    async def at_start(self) -> None:
        """Before anything is leased: what is paused or stopped is in the book again."""
        for row in await self._commits.submit(stream_rows.halted):
            self._halt(row)

    def _halt(self, row: StreamRow) -> None:
        self._book.put(suspension_of(row))
        if row.run_state is RunState.STOPPED:
            self._stopping.begin(row)

    # -- making -----------------------------------------------------------------------------------------------------

    async def make(self, new: NewStream) -> int:
        """The new stream's id. Raises StorageError, TemplateFault, NoWayBack."""
        new = msgspec.structs.replace(new, head=checked_template(new.head, new.body))
        path = await self._path(new)
        stream_id, row = await self._commits.submit(lambda db: self._make(db, new, path))
        if new.is_paused:
            self._book.put(suspension_of(row))
        return stream_id

    async def enqueue(self, stream_id: int, recipients: Sequence[StreamRecipient]) -> int:
        """How many of the chunk were new.

        Raises UnknownStream, StreamIsStopped, NoWayBack, BadRecipient (nothing of it is kept), StorageError (send it
        again).
        """
        await self._check_way_back(stream_id)
        return await self._enqueueing.enqueue(
            stream_id, recipients, lambda db: self._state(db, stream_id) is RunState.RUNNING
        )

    def _make(self, db: sqlite3.Connection, new: NewStream, path: ReturnPath) -> tuple[int, StreamRow]:
        stream_id = self._store.counters.message()
        new = msgspec.structs.replace(new, head=self._marked(new.head, new.account_id, stream_id))
        now_ms = self._clock.now_ms()
        self._store.insert_stream(stream_id, new.account_id, new.name, now_ms)
        self._store.insert_message(stream_id, _message(stream_id, new, path, now_ms), ())
        first = RevisionRow(1, stream_id, *_measures(new.head, new.body), now_ms, new.who)
        stream_rows.add_revision(db, stream_id, first)
        state = RunState.PAUSED if new.is_paused else RunState.RUNNING
        stream_rows.set_state(db, stream_id, state, "", new.who, now_ms)
        return stream_id, _known(stream_rows.stream(db, stream_id), stream_id)

    def _marked(self, head: bytes, account_id: int, stream_id: int) -> bytes:
        return with_feedback_id(head, self._feedback_id(account_id, stream_id)) if self._feedback_id else head

    # -- the way back -----------------------------------------------------------------------------------------------

    async def _path(self, new: NewStream) -> ReturnPath:
        """Where bounces of a stream that is about to be made go, for all its life. A paused one may wait for its MX."""
        if new.keeps_path:
            return _ASKED
        domain = author_domain(new.head)
        chosen = await _answer(self._return_paths.choose(new.account_id, domain))
        if chosen.verp_domain or chosen in _AT_WILL:
            return chosen
        if not new.is_paused:
            raise NoWayBack(domain, chosen.kept)
        return ReturnPath(domain)

    async def _check_way_back(self, stream_id: int) -> None:
        """Raises NoWayBack, UnknownStream, StorageError."""
        domain = self._verp_domains.get(stream_id)
        if domain is None:
            row = await self._commits.submit(lambda db: stream_rows.return_path(db, stream_id))
            domain = self._verp_domains[stream_id] = _known(row, stream_id)[0]
        if domain and not (path := await _answer(self._return_paths.leading(domain))).verp_domain:
            raise NoWayBack(domain, path.kept)

    # -- run state --------------------------------------------------------------------------------------------------

    async def change(self, stream_id: int, event: StreamEvent, reason: str = "", who: str = "") -> StreamRow:
        """Pause, resume or stop. When this returns, no worker begins a letter of a stream that does not run.

        Raises UnknownStream, StreamIsStopped, NoWayBack, StorageError.
        """
        if event is StreamEvent.RESUME:
            await self._check_way_back(stream_id)
        row = await self._commits.submit(lambda db: self._change(db, stream_id, event, reason, who))
        if row.run_state is RunState.RUNNING:
            self._book.take_out(-stream_id)
        else:
            self._halt(row)
        await self._stops_changed()
        return row

    async def hold(self, stream_id: int, reason: str) -> None:
        """Pause it for a reason of ours, if it runs. Never raises."""
        try:
            if await self._commits.submit(lambda db: self._state(db, stream_id)) is RunState.RUNNING:
                await self.change(stream_id, StreamEvent.PAUSE, reason)
                _log.error("stream paused stream=%s reason=%s", queue_id(stream_id), reason)
        except (UnknownStream, StreamIsStopped):
            pass
        except StorageError as error:
            _log.error("stream cannot be paused stream=%s reason=%s error=%s", queue_id(stream_id), reason, error)

    def _change(self, db: sqlite3.Connection, stream_id: int, event: StreamEvent, reason: str, who: str) -> StreamRow:
        row = _known(stream_rows.stream(db, stream_id), stream_id)
        state = follow(row.run_state, event)
        if state is row.run_state:
            return row
        stream_rows.set_state(db, stream_id, state, reason, who, self._clock.now_ms())
        return _known(stream_rows.stream(db, stream_id), stream_id)

    def _state(self, db: sqlite3.Connection, stream_id: int) -> RunState:
        """Raises UnknownStream and StreamIsStopped: nobody joins any more."""
        row = stream_rows.state_of(db, stream_id)
        if row is None:
            raise UnknownStream(f"there is no stream {stream_id}")
        state, expires_ms = row
        if state is RunState.STOPPED or expires_ms <= self._clock.now_ms():
            raise StreamIsStopped
        return state

    # -- texts ------------------------------------------------------------------------------------------------------

    async def revise(self, stream_id: int, head: bytes, body: bytes, who: str = "") -> RevisionRow:
        """Another text for all who have not reached a final dot.

        Raises UnknownStream, StreamIsStopped, TemplateFault, StorageError.
        """
        head = checked_template(head, body)
        revision = await self._commits.submit(lambda db: self._revise(db, stream_id, head, body, who))
        self._revisions.revised(stream_id, revision)
        return revision

    def _revise(self, db: sqlite3.Connection, stream_id: int, head: bytes, body: bytes, who: str) -> RevisionRow:
        self._state(db, stream_id)
        content_id = self._store.counters.message()  # contents are numbered with messages
        head = self._marked(head, _known(stream_rows.return_path(db, stream_id), stream_id)[1], stream_id)
        stream_rows.insert_text(db, content_id, head, body)
        number = stream_rows.revisions(db, stream_id)[-1].number + 1
        revision = RevisionRow(number, content_id, *_measures(head, body), self._clock.now_ms(), who)
        stream_rows.add_revision(db, stream_id, revision)
        return revision

    # -- asking -----------------------------------------------------------------------------------------------------

    async def stream(self, stream_id: int) -> StreamRow:
        """Raises UnknownStream, StorageError."""
        return _known(await self._commits.submit(lambda db: stream_rows.stream(db, stream_id)), stream_id)


async def _answer(path: ReturnPath | Awaitable[ReturnPath]) -> ReturnPath:
    return path if isinstance(path, ReturnPath) else await path


def suspension_of(row: StreamRow) -> Suspension:
    """A stream that does not run, as the book has it."""
    return Suspension(
        id=-row.id,
        scope=SuspensionScope.STREAM,
        subject=str(row.id),
        since_ms=row.changed_ms,
        reason=row.reason,
        who=row.who,
    )


def _message(stream_id: int, new: NewStream, path: ReturnPath, now_ms: int) -> NewMessage:
    size_bytes, eight_bit = _measures(new.head, new.body)
    return NewMessage(
        account_id=new.account_id,
        credential_id=0,
        mail_class=new.mail_class,
        reverse_path=new.reverse_path,
        body_type=Body.EIGHT_BIT,
        smtputf8=False,
        ret="",
        envid="",
        size_bytes=size_bytes,
        eight_bit=bool(eight_bit),
        received_ms=now_ms,
        expires_ms=now_ms + new.lifetime_ms,
        source="",
        content_kind=ContentKind.TEMPLATE,
        head=new.head,
        body=InlineBody(new.body),
        stream_id=stream_id,
        verp_domain=path.verp_domain,
        path_kept=str(path.kept or ""),
    )


def _measures(head: bytes, body: bytes) -> tuple[int, int]:
    """Octets, and whether some are above 127."""
    return len(head) + len(body), int(not (head.isascii() and body.isascii()))


def _known(row: _Row | None, stream_id: int) -> _Row:
    if row is None:
        raise UnknownStream(f"there is no stream {stream_id}")
    return row
