"""The other end of a connection, as the transport knows it.

Owns    the address in its one form, the TLS version, and whether a client is on this machine.
Knows   nothing of the dialog.
"""

import asyncio
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from .ports import Client


def client_of(transport: asyncio.BaseTransport, *, tls: bool) -> Client:
    """Who has connected; no address when the client is gone before we looked."""
    peer: Any = transport.get_extra_info("peername")
    host, port = (str(peer[0]), int(peer[1])) if peer else ("", 0)
    return Client(unmapped(host), port, "", tls_version(transport) if tls else "")


def tls_version(transport: asyncio.BaseTransport) -> str:
    """For example "TLSv1.3"; "" when there is none."""
    ssl_object = transport.get_extra_info("ssl_object")
    return "" if ssl_object is None else str(ssl_object.version())


@lru_cache(maxsize=1024)
def is_loopback(address: str) -> bool:
    """A client on this very machine."""
    return bool(address) and ip_address(address).is_loopback


def unmapped(host: str) -> str:
    """An IPv4 client of a dual-stack socket has an IPv4 address."""
    if ":" not in host:
        return host
    address = ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
