"""One connection of a simulated MX: octets to commands and contents, and back.

Owns   the socket's side: buffer, the end of content, TLS, waiting, hanging, dropping.
Knows  nothing of what commands mean (`mta.simulator.dialog`). Implements the port `Wire`.

Content is cut at CRLF.CRLF by one search, never line by line; replies to one segment leave in one write.
RFC 5321 §4.5.2 (dot-stuffing), §4.5.3.1.4 (command lines of 512 octets; ours are longer for parameters).
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from typing import cast

from . import violations
from .dialog import Dialog
from .ledger import Ledger
from .provider import Provider
from .settings import StartTls

MAX_COMMAND_OCTETS = 4096
_DOT = b"\r\n.\r\n"
_NO_TLS = b"\x00this is not a TLS record\r\n"


class Session(asyncio.Protocol):
    """A connection to `provider`."""

    def __init__(
        self, provider: Provider, ledger: Ledger, hostname: str, tls: ssl.SSLContext, sessions: set["Session"]
    ) -> None:
        self._provider = provider
        self._tls_context = tls
        self._sessions = sessions
        self._dialog = Dialog(self, provider, ledger, hostname)
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._searched = 0  # octets of the buffer already searched for the dot
        self._out: list[bytes] = []
        self._deaf = False  # waits, hangs, is in a handshake, or has hung up: nothing is read from the buffer
        self._greeted = False
        self._body_began = False
        self._spoil: StartTls | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._handshake: asyncio.Task[None] | None = None
        self.client = ""
        self.tls = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._transport = transport
        self.client = str(transport.get_extra_info("peername")[0])
        self._sessions.add(self)
        self._provider.opened(self.client)
        self._dialog.connected()
        self._flush()

    def data_received(self, data: bytes) -> None:
        if self._spoil is not None:
            self._spoil_handshake(self._spoil)
            return
        self._buffer += data
        if not self._greeted:
            self._provider.violations[violations.BEFORE_GREETING] += 1
        if not self._deaf:
            self._read()

    def connection_lost(self, exc: Exception | None) -> None:
        if self not in self._sessions:
            return
        self._sessions.discard(self)
        self._provider.closed(self.client)
        self._deaf = True
        if self._timer is not None:
            self._timer.cancel()

    def abort(self) -> None:
        """The simulator stops."""
        if self._transport is not None:
            self._transport.abort()
        if self._handshake is not None:
            self._handshake.cancel()

    def say(self, octets: bytes) -> None:
        self._greeted = True
        self._out.append(octets)

    def hang_up(self) -> None:
        self._deaf = True
        self._flush()
        assert self._transport is not None
        self._transport.close()

    def drop(self) -> None:
        self._deaf = True
        self._provider.count["dropped"] += 1
        self._flush()
        assert self._transport is not None
        self._transport.abort()

    def hang(self) -> None:
        self._deaf = True
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
        if how is StartTls.GOOD:
            self._transport.pause_reading()  # the handshake's first octets belong to TLS, not to us
            self._flush()
            self._handshake = asyncio.get_running_loop().create_task(self._shake_hands(self._transport))
        else:
            self._spoil = how
            self._flush()

    def _go_on(self, then: Callable[[], None]) -> None:
        self._deaf = False
        then()
        self._read()

    def _read(self) -> None:
        while not self._deaf and self._buffer:
            if not (self._read_content() if self._dialog.in_body else self._read_command()):
                break
        self._flush()

    def _read_command(self) -> bool:
        end = self._buffer.find(b"\r\n", 0, MAX_COMMAND_OCTETS)
        if end < 0:
            if len(self._buffer) >= MAX_COMMAND_OCTETS:
                self._dialog.too_long()
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._dialog.command(line, bool(self._buffer))
        return True

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
            self._transport.write(b"".join(self._out))
            self._out.clear()

    async def _shake_hands(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        try:
            upgraded = await loop.start_tls(transport, self, self._tls_context, server_side=True)
        except (OSError, TimeoutError):  # ssl.SSLError is an OSError
            upgraded = None
        if upgraded is None:
            self._provider.count["failed handshakes"] += 1
            transport.abort()
            self.connection_lost(None)
            return
        self._transport = upgraded
        self.tls = str(upgraded.get_extra_info("ssl_object").version())
        self._provider.count["handshakes"] += 1
        self._dialog.restart()
        self._deaf = False
        self._read()

    def _spoil_handshake(self, how: StartTls) -> None:
        assert self._transport is not None
        if how is StartTls.GARBAGE:
            self._transport.write(_NO_TLS)
            self._transport.close()
            return
        handle: socket.socket = self._transport.get_extra_info("socket")
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close sends RST
        self._transport.abort()


def _unstuffed(content: bytes) -> bytes:
    if content.startswith(b"."):
        content = content[1:]
    return content.replace(b"\r\n.", b"\r\n")
