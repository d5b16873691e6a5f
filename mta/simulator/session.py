"""One connection of a simulated MX: octets to commands and contents, and back.

Owns   the socket's side: buffer, the end of content, TLS, waiting, hanging, dropping.
Knows  nothing of what commands mean (`mta.simulator.dialog`). Implements the port `Wire`.

Content is cut at CRLF.CRLF by one search, never line by line; replies to one segment leave in one write.
RFC 5321 §4.5.2 (dot-stuffing), §4.5.3.1.4 (command lines of 512 octets; ours are longer for parameters).
"""

import asyncio
from collections.abc import Callable
from typing import assert_never, cast

from . import violations
from .behaviours import Pipelined, ReplyStyle, StartTls
from .breaking import Spoilt, abort_with_reset, end_our_side, spoil_handshake
from .certificate import Certificates
from .dialog import Dialog
from .dripping import Dripping
from .ledger import Ledger
from .provider import Provider

MAX_COMMAND_OCTETS = 4096
_DOT = b"\r\n.\r\n"


class Session(asyncio.Protocol):
    """A connection to `provider`."""

    def __init__(
        self, provider: Provider, ledger: Ledger, hostname: str, tls: Certificates, sessions: set["Session"]
    ) -> None:
        self._provider = provider
        self._certificates = tls
        self._sessions = sessions
        self._dialog = Dialog(self, provider, ledger, hostname)
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._searched = 0  # octets of the buffer already searched for the dot
        self._out: list[bytes] = []
        self._deaf = False  # waits, hangs, is in a handshake, or has hung up: nothing is read from the buffer
        self._gone = False  # hangs, or has ended its side: what comes is thrown away
        self._greeted = False
        self._body_began = False
        self._spoil: Spoilt | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._dripping: Dripping | None = None
        self._handshake: asyncio.Task[None] | None = None
        self.client = ""
        self.tls = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._transport = transport
        self.client = str(transport.get_extra_info("peername")[0])
        self._sessions.add(self)
        self._provider.opened(self.client)
        if self._provider.settings.dialog.replies is ReplyStyle.OCTETS:
            self._dripping = Dripping(self._write)
        if self._provider.limits.idle_seconds:
            self._begin_to_wait()
        self._dialog.connected()
        self._flush()

    def data_received(self, data: bytes) -> None:
        if self._spoil is not None:
            assert self._transport is not None
            spoil_handshake(self._transport, self._spoil)
            return
        if self._gone:
            return
        if self._idle is not None:
            self._begin_to_wait()
        self._buffer += data
        if not self._greeted:
            self._provider.violations[violations.BEFORE_GREETING] += 1
        if not self._deaf:
            self._read()

    def connection_lost(self, exc: Exception | None) -> None:
        if self not in self._sessions:
            return
        self._sessions.discard(self)
        self._provider.closed(self.client, self._dialog.messages)
        self._deaf = True
        for timer in (self._timer, self._idle):
            if timer is not None:
                timer.cancel()

    def abort(self) -> None:
        """The simulator stops."""
        if self._transport is not None:
            self._transport.abort()
        if self._handshake is not None:
            self._handshake.cancel()

    def say(self, octets: bytes) -> None:
        self._greeted = True
        self._out.append(octets)

    def unsay(self) -> list[bytes]:
        unsaid, self._out = self._out, []
        return unsaid

    def hang_up(self) -> None:
        self._flush_for_good().close()

    def drop(self) -> None:
        self._provider.count["dropped"] += 1
        self._flush_for_good().abort()

    def reset(self) -> None:
        self._provider.count["reset"] += 1
        abort_with_reset(self._flush_for_good())

    def half_close(self) -> None:
        self._provider.count["half-closed"] += 1
        self._gone = True
        end_our_side(self._flush_for_good())

    def hang(self) -> None:
        self._deaf = self._gone = True
        self._provider.count["hung"] += 1

    def wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._deaf = True
        self._flush()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._go_on, then)

    def begin_tls(self, how: StartTls) -> None:
        assert self._transport is not None
        if self._buffer:
            self._provider.violations[violations.BEFORE_TLS] += 1
            self._buffer.clear()
        self._deaf = True
        self.say(b"220 2.0.0 Ready to start TLS\r\n")
        self._flush_for_good()
        if how is StartTls.GARBAGE or how is StartTls.RESET or how is StartTls.HANG:
            self._spoil = how
            self._provider.count["spoilt handshakes"] += 1
        else:
            self._transport.pause_reading()  # the handshake's first octets belong to TLS, not to us
            self._handshake = asyncio.get_running_loop().create_task(self._shake_hands(self._transport))

    def _begin_to_wait(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        seconds = self._provider.limits.idle_seconds
        self._idle = asyncio.get_running_loop().call_later(seconds, self._be_idle)

    def _be_idle(self) -> None:
        if self._deaf:
            self._begin_to_wait()
        else:
            self._provider.count["idle"] += 1
            self._dialog.idle()

    def _go_on(self, then: Callable[[], None]) -> None:
        self._deaf = False
        then()
        self._read()

    def _read(self) -> None:
        while not self._deaf and self._buffer:
            if not (self._read_content() if self._dialog.in_body else self._read_command()):
                break
        self._flush()

    def _misread(self, how: Pipelined, *, more_waits: bool) -> bool:
        """After a command that may have others in one piece with it; whether to read on."""
        match how:
            case Pipelined.READ:
                return True
            case Pipelined.LOST:
                self._buffer.clear()
                return False
            case Pipelined.CUT:
                if more_waits:
                    self.drop()
                return not more_waits
            case Pipelined.ONE_PER_READ:
                return False
            case Pipelined.ONE_SHORT:
                if not more_waits and len(self._out) > 1:
                    self._out.pop()
                return True
            case _:
                assert_never(how)

    def _read_command(self) -> bool:
        end = self._buffer.find(b"\r\n", 0, MAX_COMMAND_OCTETS)
        if end < 0:
            if len(self._buffer) >= MAX_COMMAND_OCTETS:
                self._dialog.too_long()
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._dialog.command(line, bool(self._buffer))
        misreads = self._provider.misreads
        return misreads is None or self._misread(misreads, more_waits=bool(self._buffer))

    def _read_content(self) -> bool:
        if not self._body_began:
            self._body_began = True
            self._dialog.body_begins()
            if self._deaf:
                return False
        if self._buffer.startswith(b".\r\n"):
            end, after = 0, 3
        else:
            found = self._buffer.find(_DOT, self._searched)
            if found < 0:
                self._searched = max(0, len(self._buffer) - len(_DOT) + 1)
                return False
            end, after = found + 2, found + 5
        content = bytes(self._buffer[:end])
        del self._buffer[:after]
        self._searched, self._body_began = 0, False
        self._dialog.content(_unstuffed(content))
        return True

    def _flush(self) -> None:
        if self._out and self._transport is not None:
            octets = b"".join(self._out)
            self._out.clear()
            if self._dripping is None:
                self._transport.write(octets)
            else:
                self._dripping.add(octets)

    def _flush_for_good(self) -> asyncio.Transport:
        """Nothing more is read; all that was said is given to the transport, which is returned."""
        assert self._transport is not None
        self._deaf = True
        self._flush()
        if self._dripping is not None:
            self._dripping.rush()
        return self._transport

    def _write(self, octets: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)

    async def _shake_hands(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        try:
            context = self._certificates.context(self._provider.settings.dialog)
            upgraded = await loop.start_tls(transport, self, context, server_side=True)
        except (OSError, TimeoutError):  # ssl.SSLError is an OSError
            upgraded = None
        if upgraded is None:
            self._provider.count["failed handshakes"] += 1
            transport.abort()
            self.connection_lost(None)
            return
        self._transport = upgraded
        secured = upgraded.get_extra_info("ssl_object")
        self.tls = str(secured.version())
        self._provider.count["handshakes"] += 1
        self._provider.count["resumed"] += bool(secured.session_reused)
        self._dialog.restart()
        self._deaf = False
        self._read()


def _unstuffed(content: bytes) -> bytes:
    if content.startswith(b"."):
        content = content[1:]
    return content.replace(b"\r\n.", b"\r\n")
