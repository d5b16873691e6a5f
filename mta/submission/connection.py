"""A connection, driven by what arrives: cut a line, have it answered, write the replies.

Owns    input, what is being waited for, the count of commands, and the bulkhead around an answer.
Knows   nothing of what commands mean: `session.Session` answers them and returns replies as values.
Invariants
        nothing runs for a session that waits for its client: no task, no future, no timer (`watch` looks at all).
        a client that sends ahead, or reads no reply, costs a bounded amount of memory, for a bounded time.
        a lost connection cuts off no commit (`Later.outlives`).
Why not aiosmtpd's loop
        a task that awaits each line, a timer per command, drain per reply and the reflecting constructor cost more
        than all that is done for a message here (figures: ARCHITECTURE.md, "Decisions").
RFC 5321 §4.1, §4.3 (commands, and their replies in order).
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from ..reply import Reply, reply
from ..smtp.params import CommandError
from . import oplog
from .command_line import MAX_COMMAND_OCTETS, NOT_SMTP, parse_command
from .input import ClientInput, LineTooLongError
from .later import Answer, Later
from .peer import client_of
from .ports import Client
from .sessions import SessionContext
from .wire import Wire

_MAX_INPUT_OCTETS = 32 * 1024  # sent ahead; then nothing more is read
_TOO_LONG_A_LINE = b"x" * MAX_COMMAND_OCTETS + b"\r\n"  # what a line counts as that was thrown away
_TURN = 200  # commands that one client may have answered before the others have their turn
BAD_COMMAND_CODES = frozenset({500, 501, 502, 503, 504, 555})

_TOO_MANY_ERRORS = reply(421, "4.7.0", "too many bad commands")
_STOPPING = reply(421, "4.3.2", "the server is stopping, try again later")
FAULT = reply(451, "4.3.0", "a fault here, not in your mail; try again later")


class Connection(Wire):
    """One connection. Subclasses answer."""

    def __init__(self, context: SessionContext, *, tls: bool) -> None:
        super().__init__()
        self.context = context
        self.input = ClientInput()
        self.peer = Client("", 0)
        self.in_content = False  # what arrives is content, not commands
        self.commands = 0
        self.useless_since = 0  # the command that last got the client on: what is sent after it may be noise
        self._look_at = context.settings.limits.max_commands_before_login  # the command before which to look closely
        self._tls = tls
        self._bad_commands = 0
        self._busy = False  # something is waited for, and no command answered before it is there
        self._stopping = False
        self._later: Later | None = None
        self._awaited: asyncio.Future[Any] | None = None

    # What subclasses say.

    def greet(self) -> Reply:
        """The first reply; one that is not positive ends the connection."""
        raise NotImplementedError

    def answer(self, verb: str, argument: str) -> Answer:
        """The answer to a command."""
        raise NotImplementedError

    def take(self, octets: bytes) -> Answer:
        """The answer to some content, which may be None; what is behind the content is to be unread."""
        raise NotImplementedError

    def look_closely(self) -> Reply | None:
        """Asked before some commands: the last reply to a client that has said too much, or None."""
        raise NotImplementedError

    def left(self) -> None:
        """The connection is over, and nothing is waited for: give back what is held."""
        raise NotImplementedError

    @property
    def transaction(self) -> object | None:
        """The same object during one transaction; None between two."""
        raise NotImplementedError

    @property
    def content_octets(self) -> int:
        """Octets of the content that is on its way; -1 when none is."""
        raise NotImplementedError

    @property
    def must_log_in(self) -> bool:
        """The client can do nothing here before it has."""
        raise NotImplementedError

    # The life of a connection.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.peer = client_of(transport, tls=self._tls)
        self.wire = cast(asyncio.Transport, transport)
        refusal = self.context.sessions.enter(self, self.peer.address)
        delay = self.context.offenders.delay_seconds(self.peer.address)
        if refusal is None and delay:
            self._wait(Later(asyncio.sleep(delay), lambda _: self._greeting()))
            return
        self.send(refusal or self._greeting())
        self.closing = self.closing or refusal is not None
        self.flush()

    def data_received(self, data: bytes) -> None:
        self.input.feed(data)
        if not (self._busy or self._deaf):
            self._go_on()
        elif len(self.input) > _MAX_INPUT_OCTETS:
            self.pause_input()

    def eof_received(self) -> bool:
        self.input.end()
        if not (self._busy or self._deaf):
            self._go_on()
        return self.peer.tls == ""  # half-closed: what was sent is still answered (TLS has no half-close)

    def connection_lost(self, error: Exception | None) -> None:
        self.wire = None
        self.closing = True
        self.input.end()
        if self._later is None:
            self._leave()
        elif self._awaited is not None and not self._later.outlives:
            self._awaited.cancel()

    def resume_writing(self) -> None:
        self._deaf = False
        if not self._busy:
            self._go_on()

    def stop(self) -> None:
        """The server stops: 421 now when nothing is being answered, else before the next command."""
        self._stopping = True
        if not (self._busy or self.in_content):
            self.close_with(_STOPPING)

    @property
    def waits_for_client(self) -> bool:
        """It is the client's turn."""
        return not self._busy or self.input.is_awaited

    # What arrives.

    def _go_on(self) -> None:
        """Answer all that is there, as far as it goes now."""
        for _ in range(_TURN):
            if self.closing or self._busy or self._deaf or not self._serve_next():
                break
        else:
            self._busy = True
            asyncio.get_running_loop().call_soon(self._next_turn)
        self.flush()
        if self._full and not (self._busy or self._deaf):
            self.resume_input()

    def _next_turn(self) -> None:
        self._busy = False
        self._go_on()

    def _serve_next(self) -> bool:
        """Answer a command or take some content; False when there is nothing whole."""
        if self.in_content:
            octets = self.input.block()
            if octets:
                self._take_content(octets)
                return True
        else:
            try:
                line = self.input.line()
            except LineTooLongError:
                line = _TOO_LONG_A_LINE
            if line is not None:
                self._say(self._answer_to(line))
                return True
        self.closing = self.input.ended
        return False

    def _take_content(self, octets: bytes) -> None:
        answer = self._guarded(self.take, octets)
        self.closing = answer is FAULT and self.in_content  # else its next content would be commands
        self._say(answer)

    def _answer_to(self, line: bytes) -> Answer:
        self.commands += 1
        if self._stopping or self.commands > self._look_at:
            last = _STOPPING if self._stopping else self._guarded(self.look_closely)
            if last is not None:
                oplog.note("closed", client=self.peer.address, reply=str(last))
                self.closing = True
                return last
        command = parse_command(line)
        if type(command) is tuple:
            return self._guarded(self.answer, *command)
        self.closing = command is NOT_SMTP
        return cast(Reply, command)

    def _guarded(self, ask: Callable[..., Answer], *about: Any) -> Answer:
        try:
            return ask(*about)
        except CommandError as error:
            return error.reply
        except Exception as error:  # noqa: BLE001 - bulkhead: a fault of ours ends neither session nor server
            oplog.fault("fault", error, client=self.peer.address, command=str(about[0]) if len(about) == 2 else "")
            return FAULT

    def _say(self, answer: Answer) -> None:
        """Send a reply, unless it was one bad command too many; or wait for it."""
        if type(answer) is Later:
            self._wait(answer)
        elif answer is not None:
            said = cast(Reply, answer)
            if said.code >= 400:
                self.context.sessions.refused[said.code] += 1
                said = self._count_bad(said) if said.code in BAD_COMMAND_CODES else said
            self.send(said)

    def _count_bad(self, said: Reply) -> Reply:
        self._bad_commands += 1
        self.context.offenders.failed(self.peer.address)
        if self._bad_commands < self.context.settings.limits.max_bad_commands:
            return said
        oplog.note("closed", client=self.peer.address, reply=str(_TOO_MANY_ERRORS))
        self.closing = True
        return _TOO_MANY_ERRORS

    # What is waited for.

    def _wait(self, later: Later) -> None:
        self._busy, self._later = True, later
        self._awaited = asyncio.ensure_future(later.awaited)
        self._awaited.add_done_callback(self._answered)

    def _answered(self, awaited: asyncio.Future[Any]) -> None:
        later, self._later, self._awaited, self._busy = self._later, None, None, False
        assert later is not None
        if awaited.cancelled():
            self.abort()
        else:
            self._say(self._guarded(later.then, awaited))
        if self.wire is None and self._later is None:
            self._leave()
        elif not self._busy:
            self._go_on()

    def _leave(self) -> None:
        self.left()
        self.context.sessions.leave(self)

    def _greeting(self) -> Reply:
        said = self._guarded(self.greet)
        assert isinstance(said, Reply)
        self.closing = not said.is_positive
        return reply(421, "4.3.0", FAULT.text) if said is FAULT else said
