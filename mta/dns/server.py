"""The one authoritative DNS server: UDP and TCP on one address, answers from a `ZoneSource`.

Owns   sockets, and what becomes of each packet.
Knows  nothing of zones: the simulator's or a customer's are the same to it. It never recurses. Octets are `serving`'s.

A packet that is no query is dropped (an answer to it could be made to circle); a broken query is told FORMERR.
RFC 1035 §4.2 (transports), RFC 7766 §6.2 (idle TCP connections).
"""

import asyncio
import logging
import struct
from typing import cast

from .message import HEADER_BYTES, Rcode
from .names import MalformedError
from .serving import answer_octets, failure_octets, read_query, type_text
from .zones import ZoneSource

MAX_TCP_CONNECTIONS = 200
TCP_IDLE_SECONDS = 10.0
_log = logging.getLogger(__name__)


class DnsServer:
    """A running server; made by `serve_dns`."""

    def __init__(self, source: ZoneSource) -> None:
        self._source = source
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self.connections: set[asyncio.Transport] = set()  # over TCP, open now
        self.address = ("", 0)

    async def listen(self, host: str, port: int) -> None:
        """Bind both transports; with port 0, to one number that is free for both. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._tcp = await loop.create_server(lambda: _Stream(self), host, port)
        bound: int = self._tcp.sockets[0].getsockname()[1]
        try:
            self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(host, bound))
        except OSError:
            await self.stop()
            raise
        self.address = (host, bound)

    async def stop(self) -> None:
        """Close everything; safe more than once."""
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
            for connection in list(self.connections):
                connection.abort()
            await self._tcp.wait_closed()

    def respond(self, wire: bytes, *, udp: bool) -> bytes | None:
        """The packet that answers a packet; None: say nothing."""
        if len(wire) < HEADER_BYTES or wire[2] & 0x80:
            return None
        try:
            query = read_query(wire)
        except MalformedError:
            return _format_error(wire)
        if query.opcode:
            return failure_octets(query, Rcode.NOTIMP)
        try:
            return answer_octets(query, self._source.answer(query.name, type_text(query.rdtype)), udp=udp)
        except Exception:  # noqa: BLE001 - bulkhead: a fault in a zone is SERVFAIL to its asker, not the server's end
            _log.exception("a zone source raised")
            return failure_octets(query, Rcode.SERVFAIL)


class _Stream(asyncio.Protocol):
    """One TCP connection: messages, each after its length in two octets (RFC 1035 §4.2.2)."""

    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._idle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._transport = transport
        if len(self._server.connections) >= MAX_TCP_CONNECTIONS:
            transport.abort()
            return
        self._server.connections.add(transport)
        self._await_more(transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._buffer += data
        self._await_more(self._transport)
        while len(self._buffer) >= 2:
            (length,) = struct.unpack_from("!H", self._buffer)
            if len(self._buffer) < 2 + length:
                return
            wire = bytes(self._buffer[2 : 2 + length])
            del self._buffer[: 2 + length]
            response = self._server.respond(wire, udp=False)
            if response is None:
                self._transport.close()
                return
            self._transport.write(struct.pack("!H", len(response)) + response)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._idle is not None:
            self._idle.cancel()
        if self._transport is not None:
            self._server.connections.discard(self._transport)

    def _await_more(self, transport: asyncio.Transport) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(TCP_IDLE_SECONDS, transport.abort)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        response = self._server.respond(data, udp=True)
        if response is not None and self._transport is not None:
            self._transport.sendto(response, addr)

    def error_received(self, exc: Exception) -> None:
        """An ICMP error for an earlier answer: its asker is gone."""


async def serve_dns(source: ZoneSource, host: str, port: int) -> DnsServer:
    """Start a server; `.address` says where it listens. Raises OSError when the address cannot be had."""
    attempts = 1 if port else 20  # a port free for TCP need not be free for UDP
    for left in reversed(range(attempts)):
        server = DnsServer(source)
        try:
            await server.listen(host, port)
        except OSError:
            if not left:
                raise
        else:
            return server
    raise AssertionError("unreachable")


def _format_error(wire: bytes) -> bytes:
    """The header alone, turned into an answer: what follows it cannot be trusted."""
    flags = (0x8000 | (wire[2] & 0x79) << 8) | Rcode.FORMERR
    return wire[:2] + struct.pack("!HHHHH", flags, 0, 0, 0, 0)
