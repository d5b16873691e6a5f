"""A connection of aiosmtpd, made fast: the loop that reads a command, has it answered, and writes the reply.

Owns    transport, input, output, the idle timer, the reading of a command line, and the bulkhead around an answer.
Knows   nothing of what commands mean; `session.Session` answers them and returns replies as values.
Invariant
        a client that pipelines commands and reads no reply costs a bounded amount of memory, for a bounded time.
From aiosmtpd
        the protocol life cycle and the AUTH mechanisms. Replaced, with the cost per message or connection measured in
        the stock version: constructor (175 µs: reflection over methods and hooks), a timer per command (now one lazy
        timer per session), drain per reply (now only when the transport asks), one await per line of DATA, command
        lines ended by a bare LF. A lost connection ends the input instead of cancelling the task: a message that is
        being committed is never cut off in the middle.
RFC 5321 §4.1, §4.3; RFC 2920 §3.2 (replies to pipelined commands go out together).
"""

import asyncio
from asyncio import StreamReaderProtocol
from collections.abc import Awaitable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any, cast

from aiosmtpd.smtp import SMTP

from ..crashpoint import reach
from ..reply import Reply, reply
from ..smtp.params import CommandError
from . import oplog
from .input import ClientInput, LineTooLongError
from .ports import Client
from .sessions import SessionContext

MAX_COMMAND_OCTETS = 2048  # RFC 5321 §4.5.3.1.4 has 512, its extensions add to that; only AUTH may be longer
_MAX_OUTPUT_OCTETS = 16 * 1024  # replies to pipelined commands wait together, but not more than this
BAD_COMMAND_CODES = frozenset({500, 501, 502, 503, 504, 555})
_FORBIDDEN = frozenset({"CONNECT", "GET", "POST"})  # a browser or proxy made to talk to us: no mail client

_LINE_TOO_LONG = reply(500, "5.5.2", "the line is too long")
_BAD_LINE = reply(500, "5.5.2", "a line ends with CR LF and has no other CR, LF or NUL")
_NOT_TEXT = reply(500, "5.5.2", "the line is neither ASCII nor UTF-8")
_NOT_SMTP = reply(421, "4.7.0", "this is not SMTP")
_TOO_MANY_ERRORS = reply(421, "4.7.0", "too many bad commands")
_IDLE = reply(421, "4.4.2", "nothing heard for too long")
_STOPPING = reply(421, "4.3.2", "the server is stopping, try again later")
FAULT = reply(451, "4.3.0", "a fault here, not in your mail; try again later")


class Connection(SMTP):
    """One connection. Subclasses answer."""

    def __init__(self, context: SessionContext, *, tls: bool) -> None:
        loop = asyncio.get_running_loop()
        # Not SMTP.__init__: it looks through all methods and hooks anew for each connection.
        self.input = ClientInput(loop)
        StreamReaderProtocol.__init__(self, self.input, client_connected_cb=self._cb_client_connected, loop=loop)
        self.loop = loop
        self.context = context
        self.peer = Client("", 0)
        self.transport = None  # aiosmtpd's name; ours is `wire`, which can be written to
        self.wire: asyncio.Transport | None = None
        self.closing = False
        self._tls = tls
        self._output: list[bytes] = []
        self._output_octets = 0
        self._bad_commands = 0
        self._waiting = False  # for a command: nothing is being answered
        self._heard_at = 0.0
        # What the inherited methods look at.
        self._original_transport = None
        self._timeout_handle: asyncio.TimerHandle | None = None
        self._handle_hooks = {}

    # What subclasses say.

    def greet(self) -> Reply:
        """The first reply; one that is not positive ends the connection."""
        raise NotImplementedError

    def answer(self, verb: str, argument: str) -> Awaitable[Reply | None]:
        """The reply to a command; None when all has been said."""
        raise NotImplementedError

    # The life of a connection.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.peer = _client(transport, self._tls)
        self._heard_at = self.context.clock.monotonic()
        self.wire = cast(asyncio.Transport, transport)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._heard_at = self.context.clock.monotonic()
        self.input.feed_data(data)

    def eof_received(self) -> bool:
        self.input.feed_eof()
        return self.peer.tls == ""  # half-closed: what was sent is still answered (TLS has no half-close)

    def connection_lost(self, error: Exception | None) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        self.closing = True
        self.transport = self.wire = None
        StreamReaderProtocol.connection_lost(self, None)  # an end like any other
        self.input.feed_eof()

    def stop(self) -> None:
        """The server stops: 421 now when no command is being answered, else before the next one."""
        if self._waiting:
            self.send(_STOPPING)
            self.end()

    def abort(self) -> None:
        if self.wire is not None:
            self.wire.abort()

    def end(self) -> None:
        """Send what is due and close."""
        self.closing = True
        if self.wire is not None:
            self._write_output(self.wire)
            self.wire.close()
        self.input.feed_eof()

    async def _handle_client(self) -> None:
        try:
            refusal = self.context.sessions.enter(self, self.peer.address)
            greeting = refusal or self._guarded_greeting()
            self.send(greeting)
            self.closing = self.closing or not greeting.is_positive
            while not self.closing:
                await self._serve_command()
        except ConnectionError:
            pass  # the client is gone; whatever was accepted has been answered or will be sent again
        finally:
            self.end()
            self.context.sessions.leave(self)

    async def _serve_command(self) -> None:
        try:
            line = await self._next_line()
        except LineTooLongError:
            self._send_counted(_LINE_TOO_LONG)
            return
        if line is None:
            self.closing = True
        elif self.context.sessions.stopping:
            self.send(_STOPPING)
            self.closing = True
        elif (said := await self._answer_line(line)) is not None:
            self._send_counted(said)

    async def _next_line(self) -> bytes | None:
        if not self.input.has_line or self._output_octets > _MAX_OUTPUT_OCTETS:
            await self.flush()
        self._waiting = True
        try:
            return await self.input.line()
        finally:
            self._waiting = False

    async def _answer_line(self, line: bytes) -> Reply | None:
        command = _command(line)
        if isinstance(command, Reply):
            self.closing = command is _NOT_SMTP
            return command
        try:
            return await self.answer(*command)
        except CommandError as error:
            return error.reply
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - bulkhead: a fault of ours ends neither session nor server
            oplog.fault("fault", error, client=self.peer.address, command=command[0])
            return FAULT

    def _guarded_greeting(self) -> Reply:
        try:
            return self.greet()
        except Exception as error:  # noqa: BLE001 - bulkhead: as above
            oplog.fault("fault", error, client=self.peer.address, command="connect")
            return reply(421, "4.3.0", FAULT.text)

    # Output.

    def send(self, said: Reply) -> None:
        """Put a reply into the output; it leaves before the next wait for input."""
        self._put_out(_on_the_wire(said))

    async def push(self, status: str | bytes) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A line of aiosmtpd's own: AUTH challenges and their errors."""
        self._put_out((status if isinstance(status, bytes) else status.encode("ascii")) + b"\r\n")
        await self.flush()

    def _put_out(self, octets: bytes) -> None:
        self._output.append(octets)
        self._output_octets += len(octets)

    async def flush(self) -> None:
        """Write the output; wait while the client does not read it. Raises ConnectionError when the client is gone."""
        if self.wire is None:
            raise ConnectionResetError
        self._write_output(self.wire)
        if self._paused:  # pyright: ignore[reportAttributeAccessIssue]
            await self._drain_helper()  # pyright: ignore[reportAttributeAccessIssue]

    def _write_output(self, transport: asyncio.Transport) -> None:
        if self._output:
            reach("submission.reply.before")
            transport.write(self._output[0] if len(self._output) == 1 else b"".join(self._output))
            reach("submission.reply.after")
            self._output.clear()
            self._output_octets = 0

    def _send_counted(self, said: Reply) -> None:
        if said.code in BAD_COMMAND_CODES:
            self._bad_commands += 1
            if self._bad_commands >= self.context.settings.limits.max_bad_commands:
                oplog.note("closed", client=self.peer.address, reply=str(_TOO_MANY_ERRORS))
                said, self.closing = _TOO_MANY_ERRORS, True
        self.send(said)

    # The idle timer: armed once, looks at the clock when it fires.

    def _reset_timeout(self, duration: float | None = None) -> None:
        self._timeout_handle = self.loop.call_later(
            duration or self.context.settings.limits.idle_seconds, self._timeout_cb
        )

    def _timeout_cb(self) -> None:
        limit = self.context.settings.limits.idle_seconds
        left = self._heard_at + limit - self.context.clock.monotonic()
        # It does not read what we say.
        is_deaf = bool(self._paused)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType]
        if left > 0 or not (self.input.is_waiting or is_deaf):
            self._reset_timeout(max(left, limit / 10))
            return
        oplog.note("closed", client=self.peer.address, reply=str(_IDLE))
        if is_deaf:
            self.abort()
            return
        self.send(_IDLE)
        self.end()

    def _set_rset_state(self) -> None:
        """Nothing: `Session` has a transaction of its own instead of aiosmtpd's envelope."""


@lru_cache(maxsize=256)
def _on_the_wire(said: Reply) -> bytes:
    """Most replies are the same few; those with a queue id pass through."""
    return said.to_bytes()


def _client(transport: asyncio.BaseTransport, tls: bool) -> Client:
    peer: Any = transport.get_extra_info("peername")
    host, port = (str(peer[0]), int(peer[1])) if peer else ("", 0)  # None: gone before we looked
    return Client(unmapped(host), port, "", tls_version(transport) if tls else "")


def tls_version(transport: asyncio.BaseTransport) -> str:
    """For example "TLSv1.3"; "" when there is none."""
    ssl_object = transport.get_extra_info("ssl_object")
    return "" if ssl_object is None else str(ssl_object.version())


@lru_cache(maxsize=1024)
def is_loopback(address: str) -> bool:
    """A client on this very machine."""
    return ip_address(address).is_loopback


def unmapped(host: str) -> str:
    """An IPv4 client of a dual-stack socket has an IPv4 address."""
    if ":" not in host:
        return host
    address = ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _command(line: bytes) -> tuple[str, str] | Reply:
    """The verb in upper case and its argument; or the reply to a line that is no command."""
    body = line[:-2]
    if not line.endswith(b"\r\n") or b"\r" in body or b"\0" in body:
        return _BAD_LINE
    try:
        text = body.decode("utf-8").rstrip(" \t")
    except UnicodeDecodeError:
        return _NOT_TEXT
    verb, _, argument = text.partition(" ")
    verb = verb.upper()
    if verb in _FORBIDDEN:
        return _NOT_SMTP
    if len(line) > MAX_COMMAND_OCTETS and verb != "AUTH":
        return _LINE_TOO_LONG
    return verb, argument.lstrip(" ")
