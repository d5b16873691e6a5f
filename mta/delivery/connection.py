"""One outbound connection: the sans-I/O session on an asyncio transport.

Owns   the socket, when the handshake begins, the pace of large bodies, and what each event of the session leads to.
Knows  nothing of other connections: what to send next, and what becomes of results, is its owner's (the lane's).

No task runs per transaction: everything happens in the transport's callbacks.

Invariants
    `ConnectionOwner.over` is called once per connection that was made, when its socket is closed.
    Q3  the last octets of a content leave only after `before_dot`.
RFC 5321 §4.5.3.2 (time-outs), RFC 2920 §3.1 (the next envelope behind the dot), RFC 3207 §4.
"""

import asyncio
import logging
import select
from typing import assert_never, cast

from ..crashpoint import reach
from ..outcome import Peer, Stage
from ..reply import Reply
from ..smtp.client import ClientSession
from ..smtp.client_events import BeginTls, Closing, Ended, Event, Faulted, Ready, Refused, SendContent
from ..smtp.client_states import State
from ..smtp.errors import PeerDisconnected, PeerError, PeerTimeout
from .attempt import Ending, Withdrawn
from .connection_owner import ConnectionOwner, Prepared
from .egress import TlsLevel
from .handshake import shake_hands
from .patience import Patience, patience_of
from .timeouts import Timeouts
from .tls import context_for

_CHUNK_BYTES = 65_536
_LINGER = 0.2  # for the end of file behind the answer to QUIT; some peers wait for ours
_TIMED_ELSEWHERE = frozenset({State.READY, State.CLOSED})  # idle: the owner says how long; closed: lingering
_log = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    """Becomes established when `opening` is resolved to None; resolved to an Ending, it never was."""

    def __init__(
        self,
        owner: ConnectionOwner["Connection"],
        session: ClientSession,
        timeouts: Timeouts,
        loop: asyncio.AbstractEventLoop,
        tls_level: TlsLevel = TlsLevel.OPPORTUNISTIC,
    ) -> None:
        self.session = session
        self.site = ""
        self.dot_at: float | None = None
        self.answered_at = 0.0  # monotonic: the end of its last transaction
        self.is_spent = False  # its owner gives it no more work
        self.stopping = False
        self.opening: asyncio.Future[Ending | None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._owner = owner
        self._seconds_in = patience_of(timeouts)
        self._patience = Patience(loop, self._lose_patience)
        self._timeouts = timeouts
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._tls = context_for(tls_level)
        self._body: memoryview | None = None
        self._may_write = True
        self._tls_task: asyncio.Task[None] | None = None
        self._leaving = False
        self._replies = 0  # of the session, when the deadline was set
        self._ended = False
        self._poll: select.poll | None = None

    def __repr__(self) -> str:
        return f"<Connection {self.session!r}>"

    @property
    def peer(self) -> Peer:
        return self.session.peer

    @property
    def stage(self) -> Stage:
        """How far it has come."""
        return Stage.CONNECT if self._transport is None else self.session.stage

    @property
    def local_address(self) -> str:
        """Ours, as the peer sees it if nobody translates; "" before there is one."""
        name = self._transport.get_extra_info("sockname") if self._transport is not None else None
        return str(name[0]) if name else ""

    @property
    def is_leaving(self) -> bool:
        """QUIT was said."""
        return self._leaving

    @property
    def waits_since(self) -> float:
        return self._patience.since

    def has_unread(self) -> bool:
        """The peer has sent or closed, and the loop has not come to it yet: an idle connection may be dead."""
        if self._poll is None:
            assert self._transport is not None
            self._poll = select.poll()
            self._poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(self._poll.poll(0))

    # What the owner does

    def offer(self) -> None:
        """There may be work: take it if the session is free for it."""
        if not self._ended and self.session.may_start():
            self._take_work()
            self._flush()

    def leave(self) -> None:
        """Say QUIT on an idle connection and close."""
        if not self._ended and self.session.state is State.READY:
            self._leaving = True
            self.session.quit()
            self._flush()

    def stop(self) -> None:
        """Close as soon as no final dot awaits its reply; what has not reached its dot is dropped."""
        self.stopping = True
        if self._ended or self.session.awaits_dot:
            return
        if self.session.state is State.READY:
            self.leave()
        elif self.session.state is not State.QUIT:
            self.end(Withdrawn("stopped before the final dot"))

    def end(self, ending: Ending, *, flush: bool = False) -> None:
        """Close now; with `flush` after what was written has left."""
        if self._ended:
            return
        self._ended = True
        self._patience.end()
        if self._tls_task is not None:
            self._tls_task.cancel()
        opened = self.session.abandon()
        self._keep_tls_session()
        if self.opening.done():
            self._owner.broken(self, ending, opened)
        else:
            self.opening.set_result(ending)
        if self._transport is not None and flush:
            self._transport.close()
        elif self._transport is not None:
            self._transport.abort()

    def expect_within(self, seconds: float) -> None:
        """The connection ends unless something comes until then."""
        self._patience.wait(seconds)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports are no subclass
        if self._ended:
            self._transport.abort()
        else:
            self.session.connected(self._loop.time())
            self.expect_within(self._timeouts.greeting)

    def data_received(self, data: bytes) -> None:
        try:
            self._act(self.session.receive(data, self._loop.time()))
        except Exception:  # noqa: BLE001 - the bulkhead of a connection: others go on
            _log.exception("internal fault on %r", self)
            self.end(Withdrawn("internal fault, see the log"))

    def eof_received(self) -> bool:
        self.end(PeerDisconnected("the peer closed the connection"))
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        reason = f": {exc}" if exc else ""
        self.end(PeerDisconnected(f"connection lost{reason}"))
        self._be_closed()

    def pause_writing(self) -> None:
        self._may_write = False

    def resume_writing(self) -> None:
        self._may_write = True
        if self._body is not None and not self._ended:
            self._write_body()
            self._flush()
            self._expect_answer()

    # Events of the session

    def _act(self, events: list[Event]) -> None:
        for event in events:
            self._react(event)
        if self._ended:
            return
        if self.stopping:
            self.stop()
        elif self.session.state is State.READY:
            self._take_work()
        if not self._ended:
            self._flush()

    def _react(self, event: Event) -> None:
        match event:
            case Ended(transaction):
                reach("delivery.outcome.before")
                self._owner.ended(self, transaction)
                reach("delivery.outcome.after")
            case SendContent(transaction):
                if self.session.state is State.BODY:  # else it was refused in the same breath
                    self._begin_body(transaction.wire)
            case Ready():
                self._be_established()
            case BeginTls():
                self._begin_tls()
            case Refused(reply):
                self._part(reply)
            case Closing(reply):
                self._take_farewell(reply)
            case Faulted(error):
                self._part(error)
            case _:
                assert_never(event)

    def _part(self, ending: Reply | PeerError) -> None:
        """We and the peer will not have each other: QUIT where the session says so (RFC 5321 §3.1), and close."""
        last = self.session.take()
        if last and self._transport is not None:
            self._transport.write(last)
        self.end(ending, flush=bool(last))

    def _take_farewell(self, reply: Reply) -> None:
        """After our QUIT the peer closes, and until it has it counts us; so its end of file is waited for."""
        if self._leaving:
            self.expect_within(_LINGER)
        else:
            self.end(reply)

    def _be_established(self) -> None:
        if not self.opening.done():
            self.opening.set_result(None)

    def _take_work(self) -> None:
        while self.session.state is State.READY:
            prepared = self._owner.next_for(self)
            if prepared is None:
                self._owner.idle(self)
                return
            self._start(prepared)
        if self.session.may_start():
            prepared = self._owner.next_for(self)
            if prepared is not None:
                self._start(prepared)

    def _start(self, prepared: Prepared) -> None:
        transaction, commands = prepared
        if self._owner.may_mail(transaction):
            self.session.start(transaction, commands, self._loop.time())

    # Content

    def _begin_body(self, wire: bytes) -> None:
        if len(wire) <= _CHUNK_BYTES:
            self._write_last(wire)
        else:
            self._body = memoryview(wire)
            self._write_body()

    def _write_body(self) -> None:
        """As many chunks as the transport takes; the last one carries the dot."""
        transport = self._transport
        assert transport is not None
        while self._body is not None and self._may_write:
            if len(self._body) <= _CHUNK_BYTES:
                last, self._body = self._body, None
                self._write_last(last)
            else:
                reach("delivery.body.before")
                transport.write(self._body[:_CHUNK_BYTES])
                reach("delivery.body.after")
                self._body = self._body[_CHUNK_BYTES:]

    def _write_last(self, octets: bytes | memoryview) -> None:
        """The octets with the final dot and, in the same write, the next envelope."""
        transport, current = self._transport, self.session.current
        assert transport is not None
        assert current is not None
        behind = self._owner.next_for(self) if self.session.extensions.pipelining and not self.stopping else None
        if not self._owner.before_dot(current):
            if behind is not None:
                self._owner.give_back(behind[0])
            self.end(Withdrawn("taken back before the final dot"))
            return
        self.dot_at = now = self._loop.time()
        self.session.dot_sent(now)
        if behind is not None:
            self._start(behind)
        reach("delivery.dot.before")
        transport.writelines((octets, self.session.take()))
        reach("delivery.dot.after")

    def _flush(self) -> None:
        octets = self.session.take()
        if octets and self._transport is not None:
            reach("delivery.commands.before")
            self._transport.write(octets)
            reach("delivery.commands.after")
        if octets or self.session.replies != self._replies:
            self._replies = self.session.replies
            self._expect_answer()

    def _expect_answer(self) -> None:
        """Called when something was written or a whole reply came; octets alone buy a slow peer no time."""
        if not self._ended and self.session.state not in _TIMED_ELSEWHERE:
            self._patience.wait(self._seconds_in[self.session.state])

    # TLS

    def _begin_tls(self) -> None:
        assert self._transport is not None
        self._transport.pause_reading()
        self._tls_task = self._loop.create_task(self._shake_hands(self._transport))

    async def _shake_hands(self, plain: asyncio.Transport) -> None:
        try:
            result = await shake_hands(plain, self, self._tls, self.peer.host, self._seconds_in[State.HANDSHAKE])
        except asyncio.CancelledError:
            plain.abort()
            self._be_closed()
            raise
        self._tls_task = None
        if isinstance(result, PeerError) or self._ended:
            self._tls_failed(plain, result)
            return
        self._transport = result
        tls = result.get_extra_info("ssl_object")
        self.session.tls_started(str(tls.version()), self._loop.time())
        self._flush()

    def _tls_failed(self, plain: asyncio.Transport, result: asyncio.Transport | PeerError) -> None:
        """The transport may have forgotten us in the middle of the change, so the end is not left to it."""
        self.end(result if isinstance(result, PeerError) else PeerDisconnected("connection lost"))
        plain.abort()
        self._be_closed()

    def _keep_tls_session(self) -> None:
        tls = self._transport.get_extra_info("ssl_object") if self.peer.tls and self._transport is not None else None
        if tls is not None:
            self._tls.keep(self.peer.host, tls)

    # Time

    def _lose_patience(self) -> None:
        if self._ended:
            return
        if self.session.state is State.READY:
            self.leave()
        else:
            self.end(PeerTimeout("no answer in time"))

    def _be_closed(self) -> None:
        if not self.closed.done():
            self.closed.set_result(None)
            self._owner.over(self)
