"""The listening sockets of submission: bound all or none, and handed to whoever accepts on them.

Owns    binding, and the real addresses. Several processes may accept on one socket: a connection that waits for one
        that died is served by another.
Knows   nothing of sessions.
Why not SO_REUSEPORT
        a socket for each process has a queue of its own, which nobody serves when that process dies, and a second
        server could bind the same address unnoticed.
RFC 6409 §3.1 (port 587), RFC 8314 §3.3 (implicit TLS on port 465).
"""

import asyncio
import socket
from dataclasses import dataclass

BACKLOG = 1024  # programs that open a connection for each message come in bursts

BoundAddress = tuple[str, int]


@dataclass
class Doors:
    """Bound sockets: `plain` ones offer STARTTLS, `tls` ones begin with it."""

    plain: list[socket.socket]
    tls: list[socket.socket]

    @property
    def addresses(self) -> tuple[BoundAddress, ...]:
        return _names(self.plain)

    @property
    def tls_addresses(self) -> tuple[BoundAddress, ...]:
        return _names(self.tls)

    def close(self) -> None:
        """Safe more than once. Who inherited them goes on."""
        for each in (*self.plain, *self.tls):
            each.close()


async def open_doors(listen: tuple[str, ...], listen_tls: tuple[str, ...]) -> Doors:
    """Bind "host:port" addresses; port 0 takes a free one. Raises OSError when one cannot be bound; then none is."""
    doors = Doors([], [])
    try:
        for addresses, bound in ((listen, doors.plain), (listen_tls, doors.tls)):
            for host, port in map(split_listen_address, addresses):
                await _bind(host, port, bound)
    except OSError:
        doors.close()
        raise
    return doors


async def _bind(host: str, port: int, bound: list[socket.socket]) -> None:
    """A socket for each address that the host has."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, kind, _proto, _name, address in dict.fromkeys(found):
        door = socket.socket(family, kind)
        bound.append(door)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            door.bind(address)
        except OSError as error:
            raise OSError(error.errno, f"cannot listen at {host}:{port}: {error.strerror}") from error
        door.listen(BACKLOG)
        door.setblocking(False)


def _names(sockets: list[socket.socket]) -> tuple[BoundAddress, ...]:
    names = [each.getsockname() for each in sockets]
    return tuple((name[0], name[1]) for name in names)


def split_listen_address(text: str) -> BoundAddress:
    """ "127.0.0.1:5587" or "[::1]:5587" as host and port. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"not host:port: {text!r}")
    return host.removeprefix("[").removesuffix("]"), int(port)
