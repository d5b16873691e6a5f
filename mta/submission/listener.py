"""The sockets of submission.

Owns    listening (STARTTLS and implicit TLS), stopping, and changing the certificate without closing a session.
Knows   nothing of the dialog.
RFC 6409 §3.1 (port 587), RFC 8314 §3.3 (implicit TLS on port 465).
"""

import asyncio
import socket
from functools import partial
from ssl import SSLContext

from ..clock import Clock
from .budget import MemoryBudget
from .ports import Authenticator, Intake, SessionPolicy
from .role import Role, SubmissionRole
from .session import Session
from .sessions import Certificate, SessionContext, Sessions
from .settings import SubmissionSettings
from .tls_door import TlsDoor
from .watch import Watch

_BACKLOG = 1024  # programs that open a connection for each message come in bursts

BoundAddress = tuple[str, int]


class SubmissionListener:
    """A running listener. `addresses` and `tls_addresses` are what was bound, with the real ports."""

    def __init__(self, settings: SubmissionSettings, role: Role, clock: Clock) -> None:
        self.addresses: tuple[BoundAddress, ...] = ()
        self.tls_addresses: tuple[BoundAddress, ...] = ()
        self.sessions = Sessions(settings.limits)
        self._settings = settings
        self._certificate = Certificate(settings.tls_context)
        self._context = SessionContext(
            settings, role, clock, MemoryBudget(settings.memory_bytes), self.sessions, self._certificate
        )
        self._watch = Watch(self.sessions, settings.limits, clock)
        self._servers: list[asyncio.Server] = []
        self._doors: list[TlsDoor] = []

    async def start(self) -> None:
        """Bind and accept. Raises OSError when an address cannot be bound; then none is."""
        try:
            self.addresses = await self._bind(self._settings.listen)
            self.tls_addresses = await self._bind_tls(self._settings.listen_tls)
        except OSError:
            await self._close_sockets()
            raise
        self._watch.start()

    async def stop(self, grace_seconds: float = 1.0) -> None:
        """Accept no more; 421 to each session at its next command, at once to those that wait; then close them."""
        await self._close_sockets()
        await self.sessions.stop(grace_seconds)
        self._watch.stop()

    def reload_certificate(self, context: SSLContext) -> None:
        """Use another certificate from the next handshake on."""
        self._certificate.context = context

    async def _bind(self, addresses: tuple[str, ...]) -> tuple[BoundAddress, ...]:
        loop = asyncio.get_running_loop()
        bound: list[BoundAddress] = []
        for host, port in map(split_listen_address, addresses):
            server = await loop.create_server(partial(Session, self._context, tls=False), host, port, backlog=_BACKLOG)
            self._servers.append(server)
            bound += [(name[0], name[1]) for name in (each.getsockname() for each in server.sockets)]
        return tuple(bound)

    async def _bind_tls(self, addresses: tuple[str, ...]) -> tuple[BoundAddress, ...]:
        if addresses and self._certificate.context is None:
            raise ValueError("implicit TLS needs a certificate")
        loop = asyncio.get_running_loop()
        bound: list[BoundAddress] = []
        for host, port in map(split_listen_address, addresses):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            for family, _type, _proto, _name, address in dict.fromkeys(found):
                listening = socket.create_server((str(address[0]), port), family=family, backlog=_BACKLOG)
                name = listening.getsockname()
                self._doors.append(TlsDoor(listening, self._context))
                bound.append((name[0], name[1]))
        return tuple(bound)

    async def _close_sockets(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()
        for door in self._doors:
            await door.close()
        self._doors.clear()


async def listen(
    settings: SubmissionSettings, authenticator: Authenticator, policy: SessionPolicy, intake: Intake, clock: Clock
) -> SubmissionListener:
    """Start submission. Raises OSError when an address cannot be bound."""
    listener = SubmissionListener(settings, SubmissionRole(authenticator, policy, intake), clock)
    await listener.start()
    return listener


def split_listen_address(text: str) -> BoundAddress:
    """ "127.0.0.1:5587" or "[::1]:5587" as host and port. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"not host:port: {text!r}")
    return host.removeprefix("[").removesuffix("]"), int(port)
