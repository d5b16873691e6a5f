"""Which name servers to ask.

Owns   the value `NameServer`, its textual form "address:port", and the reading of the system's resolv.conf.
Knows  nothing of queries.
"""

from collections.abc import Sequence
from ipaddress import ip_address

import dns.resolver
import msgspec

DNS_PORT = 53


class NameServer(msgspec.Struct, frozen=True):
    """A recursive name server."""

    address: str  # an IP address
    port: int = DNS_PORT

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def parse_server(text: str) -> NameServer:
    """A server from "192.0.2.1", "192.0.2.1:53", "2001:db8::1" or "[2001:db8::1]:53". Raises ValueError."""
    if text.startswith("["):
        address, closed, port = text[1:].partition("]")
        if not closed:
            raise ValueError(f"{text!r}: the bracket is not closed")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    else:
        address, port = text, ""
    number = int(port) if port else DNS_PORT
    if not 0 < number < 65536:
        raise ValueError(f"{text!r}: the port is not between 1 and 65535")
    return NameServer(str(ip_address(address)), number)


def name_servers(configured: Sequence[str]) -> tuple[NameServer, ...]:
    """The configured servers, or with none the system's; as libc does, the local host when the system names none."""
    if configured:
        return tuple(parse_server(text) for text in configured)
    try:
        system: Sequence[object] = dns.resolver.Resolver(configure=True).nameservers
    except dns.resolver.NoResolverConfiguration:
        system = []
    found = tuple(NameServer(each) for each in system if isinstance(each, str))
    return found or (NameServer("127.0.0.1"),)
