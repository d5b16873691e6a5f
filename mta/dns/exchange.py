"""One question to the name servers, and the first answer that counts.

Owns   UDP with TCP after truncation, the order of servers, time-outs, and failover.
Knows  nothing of caches or record types; `mta.dns.reading` understands the message.

A server that says SERVFAIL or REFUSED has answered, but not the question: the next one is asked. A silent server is
asked a second time, with more patience, after all others were tried. Time spent is bounded by
`len(servers) * sum(PATIENCE_SECONDS)`.
RFC 1035 §4.2 (transports), RFC 7766 §5 (truncation), RFC 5452 §9 (random ports and ids, done by dnspython).
"""

from collections.abc import Sequence
from typing import Protocol

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from .servers import NameServer

PATIENCE_SECONDS = (2.0, 4.0)
EDNS_PAYLOAD_BYTES = 1232  # fits every path without fragments (DNS flag day 2020)
_COUNTS = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)


class NoAnswer(Exception):
    """No server gave an answer that counts; str() says what each did, in a few words."""


class Exchange(Protocol):
    """Asks one question."""

    async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
        """A NOERROR or NXDOMAIN message. Raises NoAnswer, and nothing else."""
        ...


class NetworkExchange:
    """Asks name servers over the network, the one that answered last first."""

    def __init__(self, servers: Sequence[NameServer], patience_seconds: Sequence[float] = PATIENCE_SECONDS) -> None:
        assert servers, "at least one name server"
        self._servers = list(servers)
        self._patience = tuple(patience_seconds)

    async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
        query = dns.message.make_query(name, rdtype, use_edns=0, payload=EDNS_PAYLOAD_BYTES)
        failures: dict[NameServer, str] = {}
        waiting = list(self._servers)
        for seconds in self._patience:
            silent: list[NameServer] = []
            for server in waiting:
                try:
                    message = await _one(query, server, seconds)
                except dns.exception.Timeout:
                    failures[server] = f"no answer within {seconds:g} s"
                    silent.append(server)
                    continue
                except (dns.exception.DNSException, OSError, EOFError, ValueError) as error:
                    failures[server] = str(error) or type(error).__name__
                    continue
                if message.rcode() in _COUNTS:
                    self._prefer(server)
                    return message
                failures[server] = dns.rcode.to_text(message.rcode())
            waiting = silent
        raise NoAnswer("; ".join(f"{server} says {what}" for server, what in failures.items()))

    def _prefer(self, server: NameServer) -> None:
        if self._servers[0] != server and server in self._servers:
            self._servers.remove(server)
            self._servers.insert(0, server)


async def _one(query: dns.message.Message, server: NameServer, seconds: float) -> dns.message.Message:
    message, _ = await dns.asyncquery.udp_with_fallback(
        query, server.address, timeout=seconds, port=server.port, ignore_errors=True
    )
    return message
