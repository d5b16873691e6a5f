"""An SMTP client session without I/O: octets of the peer in, events out, octets for the peer to be taken.

Owns   which command follows which reply, on a session of many transactions; `client_states.TABLE` is its law.
Knows  no socket, clock or certificate: the driver (`mta.delivery.connection`) writes what `take` gives, reads, does
       the TLS handshake, and watches the time: `at` is its clock, and only noted.

With PIPELINING an envelope goes out in one piece, and the next one may be started as soon as the final dot of the one
before is sent, so that both travel in one write. Without it each command waits for its reply.

Invariants
    Any cutting of the peer's octets gives the same events.
    A transaction that was started ends in one `Ended`, or is among those that `abandon` gives.
    Octets that came in the clear behind the reply to STARTTLS are never read (RFC 3207 §4.2).
    A reply that shows the peer to have lost its step in a pipelined envelope is a fault, and no refusal of anybody.
    A dot of ours follows only SendContent and the driver's `dot_sent`, or 354 to a DATA without any accepted
    recipient, and is then a lone dot that delivers nothing (RFC 2920 §3.1).
RFC 5321 §3.1–§3.3, §4.2.5 (what a reply after the dot means), RFC 2920, RFC 3207.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..outcome import Peer, Stage
from ..reply import Reply
from .client_commands import envelope_commands
from .client_events import BeginTls, Closing, Ended, Event, Faulted, Ready, Refused, SendContent
from .client_extensions import NO_EXTENSIONS, Extensions, read_extensions
from .client_states import STAGES, TABLE, Reaction, State, classify
from .client_transaction import Request, Transaction
from .data import END_OF_DATA
from .errors import LocalProtocolError, PeerError, RemoteProtocolError, TlsUnavailable, TlsWanted
from .exchange import Exchange, Spoken, Voice
from .manner import AS_USUAL, Manner
from .out_of_step import is_out_of_step, speaks_of_session, wants_tls
from .replies import ReplyReader

AnyTransaction = Transaction[Any]
_ENVELOPE = frozenset({State.RSET, State.MAIL, State.RCPT, State.DATA})


class ClientSession:
    """One session with the server `peer`, greeted as `ehlo`."""

    def __init__(self, ehlo: str, peer: Peer, manner: Manner = AS_USUAL) -> None:
        self.state = State.GREETING
        self.peer = peer
        self.extensions: Extensions = NO_EXTENSIONS
        self.started = 0  # transactions whose MAIL was given to `take`
        self.replies = 0  # whole ones
        self.left_unanswered = False  # it was closed while commands sent in one piece had no answer
        self.opening: list[Spoken] = []  # what was said and done outside of transactions
        self._at = 0.0
        self._ehlo = ehlo
        self._manner = manner
        self._reader = ReplyReader()
        self._out: list[bytes] = []
        self._events: list[Event] = []
        self._current: AnyTransaction | None = None  # whose replies are awaited
        self._commands: list[bytes] = []  # of the current one, not yet given to `take`
        self._behind: AnyTransaction | None = None  # sent behind the final dot of the current one
        self._rcpt_at = 0
        self._needs_rset = False
        self._closed_in = State.CLOSED

    def __repr__(self) -> str:
        return f"<ClientSession {self.state} with {self.peer.host} [{self.peer.address}], {self.started} started>"

    # What the driver does

    def connected(self, at: float) -> None:
        """The connection stands, and the greeting is awaited."""
        self.opening.append((at, Voice.CONNECTED, f"{self.peer.host} [{self.peer.address}]"))

    def receive(self, octets: bytes, at: float = 0.0) -> list[Event]:
        """Take octets of the peer; what they meant."""
        self._at = at
        events: list[Event] = []
        self._events = events
        if self.state not in _DEAF:
            try:
                self._read(octets)
            except PeerError as error:
                self._close()
                events.append(Faulted(error))
        return events

    def take(self) -> bytes:
        """The octets to be written now; b"" when there are none."""
        out = self._out
        if not out:
            return b""
        self._out = []
        return b"".join(out)

    def tls_started(self, version: str, at: float = 0.0) -> None:
        """The handshake is done; everything learnt in the clear is forgotten, and EHLO is said again."""
        self._require(State.HANDSHAKE)
        self._reader.discard()
        self.extensions = NO_EXTENSIONS
        self.peer = Peer(self.peer.host, self.peer.address, version)
        self._at = at
        self.opening.append((at, Voice.TLS, version))
        self._say_ehlo()

    def may_start(self) -> bool:
        """A transaction can be started now: the session is ready, or waits for the reply to a final dot alone."""
        if self.state is State.FINAL_DOT:
            return self.extensions.pipelining and self._behind is None
        return self.state is State.READY

    def compose(self, request: Request) -> list[bytes]:
        """The commands of an envelope for `start`. Raises LocalProtocolError."""
        return envelope_commands(request, self.extensions)

    def start(self, transaction: AnyTransaction, commands: list[bytes], at: float = 0.0) -> None:
        """Begin a transaction with the commands that `compose` gave for it."""
        if not self.may_start():
            raise LocalProtocolError(f"a transaction may not start in state {self.state}")
        pipelining = self.extensions.pipelining
        transaction.exchange = Exchange(at, commands, self.opening, self.started, is_pipelined=pipelining)
        self.started += 1
        if self.state is State.FINAL_DOT:
            self._behind = transaction
            self._out += commands
            return
        self._current = transaction
        self._commands = commands
        if self._needs_rset:
            self._needs_rset = False
            self._out.append(b"RSET\r\n")
            transaction.exchange.commands = [b"RSET\r\n", *commands]
            self.state = State.RSET
        else:
            self.state = State.MAIL
        if pipelining:
            self._out += commands
        elif self.state is State.MAIL:
            self._out.append(commands[0])

    def dot_sent(self, at: float = 0.0) -> None:
        """The content with its final dot was handed to the transport."""
        self._require(State.BODY)
        assert self._current is not None
        assert self._current.exchange is not None
        self._current.dot_sent = True
        self._current.exchange.dot_at = at
        self.state = State.FINAL_DOT

    def quit(self) -> None:
        """Say QUIT; the answer comes as Closing."""
        self._require(State.READY)
        self._say(b"QUIT\r\n")
        self.state = State.QUIT

    def abandon(self) -> list[AnyTransaction]:
        """End the session; the transactions without all outcomes, their `stage` set to where they stood."""
        if self.state is not State.CLOSED:
            self._close()
        opened = [transaction for transaction in (self._current, self._behind) if transaction is not None]
        if self._current is not None:
            self._current.stage = self.stage
        self._current = self._behind = None
        return opened

    @property
    def stage(self) -> Stage:
        """Where the session stands, or where it stood when it was closed."""
        return STAGES[self._closed_in if self.state is State.CLOSED else self.state]

    @property
    def current(self) -> AnyTransaction | None:
        """The transaction whose replies are awaited, or whose content is to be sent."""
        return self._current

    @property
    def awaits_dot(self) -> bool:
        """A final dot that may deliver was sent and is not answered."""
        return self._current is not None and self._current.dot_sent

    # What the table asks for

    def _read(self, octets: bytes) -> None:
        reader = self._reader
        reader.feed(octets)
        while self.state not in _DEAF:
            answer = reader.next_reply()
            if answer is None:
                return
            self.replies += 1
            self._note(answer)
            reaction = TABLE[self.state].get(classify(answer.code))
            if reaction is None:
                raise RemoteProtocolError(f"sent an unexpected reply in state {self.state}: {answer}")
            _REACTIONS[reaction](self, answer)

    def _note(self, answer: Reply) -> None:
        current = self._current
        if current is not None and current.exchange is not None:
            current.exchange.replies.append((self._at, answer))
        else:
            self.opening.append((self._at, Voice.SERVER, answer))

    def _say(self, line: bytes) -> None:
        """A command outside of transactions."""
        self._out.append(line)
        self.opening.append((self._at, Voice.CLIENT, line))

    def _greet(self, answer: Reply) -> None:
        if self._manner.say_helo:
            self._say_helo(answer)
        else:
            self._say_ehlo()

    def _say_ehlo(self) -> None:
        self._say(f"EHLO {self._ehlo}\r\n".encode("ascii"))
        self.state = State.EHLO

    def _say_helo(self, answer: Reply) -> None:
        self._say(f"HELO {self._ehlo}\r\n".encode("ascii"))
        self.state = State.HELO

    def _take_extensions(self, answer: Reply) -> None:
        self.extensions = self._usable(answer) if self.state is State.EHLO else NO_EXTENSIONS
        if self._manner.use_tls and self.extensions.starttls and not self.peer.tls:
            self._say(b"STARTTLS\r\n")
            self.state = State.STARTTLS
        else:
            self._go_on("does not offer STARTTLS, and TLS is required")

    def _usable(self, answer: Reply) -> Extensions:
        offered = read_extensions(answer)
        return offered if self._manner.pipeline else offered.without_pipelining()

    def _go_on(self, lack: str) -> None:
        """Ready, unless TLS is required and not there."""
        if not self._manner.require_tls or self.peer.tls:
            self._become_ready()
            return
        self._say(b"QUIT\r\n")
        self.state = State.STARTTLS
        raise TlsUnavailable(lack)

    def _begin_tls(self, answer: Reply) -> None:
        self._reader.discard()
        self.state = State.HANDSHAKE
        self._events.append(BeginTls())

    def _stay_plain(self, answer: Reply) -> None:
        self._go_on(f"refused STARTTLS, and TLS is required: {answer}")

    def _become_ready(self) -> None:
        self.state = State.READY
        self._events.append(Ready())

    def _be_refused(self, answer: Reply) -> None:
        if answer.code != 421:
            self._say(b"QUIT\r\n")
        self._close()
        self._events.append(Refused(answer))

    def _take_rset(self, answer: Reply) -> None:
        self.state = State.MAIL
        if not self.extensions.pipelining:
            self._out.append(self._commands[0])

    def _take_mail(self, answer: Reply) -> None:
        transaction = self._transaction()
        if not answer.is_positive:
            self._doubt(answer, refused_before=False)
        transaction.take_mail(answer, self.peer)
        self._rcpt_at = 0
        if self.extensions.pipelining:
            self.state = State.RCPT
        elif answer.is_positive:
            self.state = State.RCPT
            self._out.append(self._commands[1])
        else:
            self._end(transaction)

    def _take_rcpt(self, answer: Reply) -> None:
        transaction = self._transaction()
        if transaction.outcomes[self._rcpt_at] is None:
            if not answer.is_positive:
                self._doubt(answer, refused_before=False)
            transaction.take_rcpt(self._rcpt_at, answer, self.peer)
        self._rcpt_at += 1
        is_last = self._rcpt_at == len(transaction.outcomes)
        if self.extensions.pipelining:
            self.state = State.DATA if is_last else State.RCPT
        elif not is_last:
            self._out.append(self._commands[1 + self._rcpt_at])
        elif transaction.accepted:
            self._out.append(self._commands[-1])
            self.state = State.DATA
        else:
            self._needs_rset = True
            self._end(transaction)

    def _send_content(self, answer: Reply) -> None:
        transaction = self._transaction()
        if transaction.accepted:
            self.state = State.BODY
            self._events.append(SendContent(transaction))
        else:
            self._out.append(END_OF_DATA)
            self.state = State.FINAL_DOT

    def _take_data_refusal(self, answer: Reply) -> None:
        transaction = self._transaction()
        if self.state is State.DATA:
            self._doubt(answer, refused_before=not transaction.accepted)
        transaction.take_refusal(STAGES[self.state], answer, self.peer)
        self._needs_rset = True
        self._end(transaction)

    def _take_early_refusal(self, answer: Reply) -> None:
        """The rest of the content cannot be unsaid, and a dot would ask for it: only closing is left."""
        self._take_data_refusal(answer)
        self._close_with(answer)

    def _take_dot(self, answer: Reply) -> None:
        transaction = self._transaction()
        transaction.take_dot(answer, self.peer, self.extensions)
        self._end(transaction)

    def _doubt(self, answer: Reply, *, refused_before: bool) -> None:
        """A refusal of how we speak is none of the recipient. `refused_before`: nobody is left to refuse."""
        if self.extensions.pipelining and is_out_of_step(answer, refused_before=refused_before):
            raise RemoteProtocolError(f"lost its step in a pipelined envelope: {answer}")
        if self.state is State.MAIL and not self.peer.tls and self.extensions.starttls and wants_tls(answer):
            raise TlsWanted(f"takes no mail in the clear: {answer}")

    def _close_with(self, answer: Reply) -> None:
        """A 421 that ends the session (idle too long, messages enough) where MAIL is awaited says nothing of it."""
        if self.state is State.MAIL and not (self.started > 1 and speaks_of_session(answer)):
            self._transaction().mail_answered = True
        self._close()
        self._events.append(Closing(answer))

    def _end(self, transaction: AnyTransaction) -> None:
        self._current, self._behind = self._behind, None
        self.state = State.READY if self._current is None else State.MAIL
        self._events.append(Ended(transaction))

    def _transaction(self) -> AnyTransaction:
        assert self._current is not None
        return self._current

    def _require(self, state: State) -> None:
        if self.state is not state:
            raise LocalProtocolError(f"the session is in state {self.state}, not {state}")

    def _close(self) -> None:
        in_pieces = self.state in _ENVELOPE or self._behind is not None
        self.left_unanswered = in_pieces and self.extensions.pipelining
        self._closed_in = self.state
        self.state = State.CLOSED


_DEAF = frozenset({State.HANDSHAKE, State.CLOSED})
_S = ClientSession
_REACTIONS: Mapping[Reaction, Callable[[ClientSession, Reply], None]] = {
    Reaction.GREET: _S._greet,  # pyright: ignore[reportPrivateUsage]
    Reaction.SAY_HELO: _S._say_helo,  # pyright: ignore[reportPrivateUsage]
    Reaction.TAKE_EXTENSIONS: _S._take_extensions,  # pyright: ignore[reportPrivateUsage]
    Reaction.BEGIN_TLS: _S._begin_tls,  # pyright: ignore[reportPrivateUsage]
    Reaction.STAY_PLAIN: _S._stay_plain,  # pyright: ignore[reportPrivateUsage]
    Reaction.BE_REFUSED: _S._be_refused,  # pyright: ignore[reportPrivateUsage]
    Reaction.TAKE_RSET: _S._take_rset,  # pyright: ignore[reportPrivateUsage]
    Reaction.TAKE_MAIL: _S._take_mail,  # pyright: ignore[reportPrivateUsage]
    Reaction.TAKE_RCPT: _S._take_rcpt,  # pyright: ignore[reportPrivateUsage]
    Reaction.SEND_CONTENT: _S._send_content,  # pyright: ignore[reportPrivateUsage]
    Reaction.TAKE_DATA_REFUSAL: _S._take_data_refusal,  # pyright: ignore[reportPrivateUsage]
    Reaction.TAKE_EARLY_REFUSAL: _S._take_early_refusal,  # pyright: ignore[reportPrivateUsage]
    Reaction.TAKE_DOT: _S._take_dot,  # pyright: ignore[reportPrivateUsage]
    Reaction.CLOSE: _S._close_with,  # pyright: ignore[reportPrivateUsage]
}
