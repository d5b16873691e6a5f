"""The one authoritative DNS server: UDP and TCP on one address, answers from a `ZoneSource`.

Owns   sockets, packets, truncation, negative answers with their SOA.
Knows  nothing of zones: the simulator's or a customer's are the same to it. It never recurses.

A packet that is no query is dropped (an answer to it could be made to circle); a broken query is told FORMERR.
RFC 1035 §4 (messages and transports), RFC 2308 §3 (SOA in negative answers), RFC 6891 §6.2.3 (payload size),
RFC 7766 §6.2 (idle TCP connections).
"""

import asyncio
import logging
import struct
from functools import lru_cache
from typing import assert_never, cast

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset

from .zones import NameMissing, NotOurs, Record, Records, ServerFailure, Silence, TypeMissing, ZoneAnswer, ZoneSource

MAX_TCP_CONNECTIONS = 200
TCP_IDLE_SECONDS = 10.0
PLAIN_UDP_BYTES = 512
LARGEST_UDP_BYTES = 1232
_HEADER_BYTES = 12
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
        if len(wire) < _HEADER_BYTES or wire[2] & 0x80:
            return None
        try:
            query = dns.message.from_wire(wire)
        except (dns.exception.DNSException, ValueError):
            return _format_error(wire)
        try:
            return self._answered(query, udp=udp)
        except Exception:  # noqa: BLE001 - bulkhead: a fault in a zone is SERVFAIL to its asker, not the server's end
            _log.exception("a zone source raised")
            return _wire(_reply(query, dns.rcode.SERVFAIL), udp=udp)

    def _answered(self, query: dns.message.Message, *, udp: bool) -> bytes | None:
        if query.opcode() != dns.opcode.QUERY:
            return _wire(_reply(query, dns.rcode.NOTIMP), udp=udp)
        if len(query.question) != 1:
            return _wire(_reply(query, dns.rcode.FORMERR), udp=udp)
        question = query.question[0]
        answer = self._source.answer(_name_text(question.name), dns.rdatatype.to_text(question.rdtype))
        return _to_wire(query, answer, udp=udp)


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


def _name_text(name: dns.name.Name) -> str:
    """Lower case without trailing dot; "" is the root."""
    return name.to_text().lower().rstrip(".")


def _to_wire(query: dns.message.Message, answer: ZoneAnswer, *, udp: bool) -> bytes | None:
    match answer:
        case Silence():
            return None
        case ServerFailure(extended_code=code, extended_text=text):
            message = _reply(query, dns.rcode.SERVFAIL)
            if code >= 0 and query.edns >= 0:  # RFC 8914 §3: only to whom speaks EDNS
                options: list[dns.edns.Option] = [dns.edns.EDEOption(dns.edns.EDECode(code), text)]
                message.use_edns(payload=LARGEST_UDP_BYTES, options=options)
        case NotOurs():
            message = _reply(query, dns.rcode.REFUSED)
        case NameMissing(zone=zone, negative_ttl_seconds=ttl):
            message = _negative(query, dns.rcode.NXDOMAIN, zone, ttl)
        case TypeMissing(zone=zone, negative_ttl_seconds=ttl):
            message = _negative(query, dns.rcode.NOERROR, zone, ttl)
        case Records(records=records, truncated=truncated):
            message = _reply(query, dns.rcode.NOERROR)
            message.flags |= dns.flags.AA
            if truncated and udp:
                message.flags |= dns.flags.TC
            else:
                _add(message, records)
        case _:
            assert_never(answer)
    return _wire(message, udp=udp)


def _reply(query: dns.message.Message, rcode: dns.rcode.Rcode) -> dns.message.Message:
    message = dns.message.make_response(query, our_payload=LARGEST_UDP_BYTES)
    message.set_rcode(rcode)
    return message


def _negative(query: dns.message.Message, rcode: dns.rcode.Rcode, zone: str, ttl: int) -> dns.message.Message:
    message = _reply(query, rcode)
    message.flags |= dns.flags.AA
    message.authority.append(_rrset(_soa(zone, ttl)))
    return message


def _soa(zone: str, ttl: int) -> Record:
    dot = f"{zone}." if zone else ""
    return Record(zone, "SOA", f"ns.{dot} hostmaster.{dot} 1 3600 600 86400 {ttl}", ttl)


def _add(message: dns.message.Message, records: tuple[Record, ...]) -> None:
    for record in records:
        rrset = _rrset(record)
        held = message.get_rrset(message.answer, rrset.name, rrset.rdclass, rrset.rdtype, create=True)
        assert held is not None
        held.update(rrset)


@lru_cache(maxsize=4096)
def _rrset(record: Record) -> dns.rrset.RRset:
    return dns.rrset.from_text(f"{record.name}.", record.ttl_seconds, "IN", record.rdtype, record.text)


def _wire(message: dns.message.Message, *, udp: bool) -> bytes:
    if not udp:
        return message.to_wire(max_size=65535)
    asked = message.request_payload if message.edns >= 0 else PLAIN_UDP_BYTES
    try:
        return message.to_wire(max_size=max(PLAIN_UDP_BYTES, min(asked, LARGEST_UDP_BYTES)))
    except dns.exception.TooBig:
        message.answer.clear()
        message.flags |= dns.flags.TC
        return message.to_wire()


def _format_error(wire: bytes) -> bytes:
    """The header alone, turned into an answer: what follows it cannot be trusted."""
    flags = (0x8000 | (wire[2] & 0x79) << 8) | int(dns.rcode.FORMERR)
    return wire[:2] + struct.pack("!HHHHH", flags, 0, 0, 0, 0)
