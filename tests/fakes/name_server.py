"""A recursive name server whose every datagram a test decides."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager

import dns.message
import dns.rcode
import dns.rrset
from youtong.mta.dns.servers import NameServer

Deed = bytes | Sequence[bytes] | None  # what goes back: one message, several, or nothing
Script = Callable[[dns.message.Message], Deed]


class ScriptedNameServer(asyncio.DatagramProtocol):
    """Over UDP it does what `udp` says, over TCP what `tcp` says; `asked` lists the questions with their transport."""

    def __init__(self, udp: Script, tcp: Script | None) -> None:
        self.udp, self._tcp = udp, tcp
        self.asked: list[str] = []
        self.peers: list[tuple[str, int]] = []
        self.queries: list[dns.message.Message] = []
        self.server = NameServer("127.0.0.1", 1)
        self.closed = asyncio.Event()

    def connection_made(self, transport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    def datagram_received(self, data: bytes, addr) -> None:
        self.peers.append(addr)
        for octets in self._deed(data, "udp", self.udp):
            self._transport.sendto(octets, addr)

    async def over_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        for octets in self._deed(data, "tcp", self._tcp or self.udp):
            writer.write(len(octets).to_bytes(2) + octets)
        writer.close()

    def _deed(self, data: bytes, transport: str, script: Script) -> Sequence[bytes]:
        query = dns.message.from_wire(data)
        self.queries.append(query)
        self.asked.append(f"{transport} {query.question[0].to_text().replace(' IN', '')}{' edns' * (query.edns >= 0)}")
        deed = script(query)
        return () if deed is None else (deed,) if isinstance(deed, bytes) else deed


@asynccontextmanager
async def name_server(udp: Script, tcp: Script | None = None, *, without_tcp: bool = False):
    """A running server; `.server` says where."""
    loop = asyncio.get_running_loop()
    for _ in range(20):  # a port free for UDP need not be free for TCP
        fake = ScriptedNameServer(udp, tcp)
        transport, _ = await loop.create_datagram_endpoint(lambda fake=fake: fake, local_addr=("127.0.0.1", 0))
        fake.server = NameServer(*transport.get_extra_info("sockname"))
        if without_tcp:
            break
        try:
            listener = await asyncio.start_server(fake.over_tcp, "127.0.0.1", fake.server.port)
        except OSError:
            transport.close()
        else:
            break
    try:
        yield fake
    finally:
        transport.close()
        await fake.closed.wait()  # from now on the kernel says that nobody listens
        if not without_tcp:
            listener.close()
            await listener.wait_closed()


def answering(*records: str, rcode: str = "NOERROR", authority: Sequence[str] = (), flags: int = 0x80, edes=()):
    """A script that always gives these records, as lines of a zone file; `flags`: RA unless told otherwise."""

    def script(query: dns.message.Message) -> bytes:
        message = dns.message.make_response(query)
        message.flags |= flags
        message.set_rcode(dns.rcode.from_text(rcode))
        message.answer += [rrset(line) for line in records]
        message.authority += [rrset(line) for line in authority]
        if query.edns >= 0 and edes:
            message.use_edns(0, options=list(edes))
        return message.to_wire(max_size=65535)

    return script


def rrset(line: str) -> dns.rrset.RRset:
    name, ttl, rdclass, rdtype, text = line.split(maxsplit=4)
    return dns.rrset.from_text(name, int(ttl), rdclass, rdtype, text)


def silent(_query: dns.message.Message) -> None:
    """A script: no answer."""
