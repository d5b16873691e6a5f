"""The sockets of submission.

Owns    listening (STARTTLS and implicit TLS), stopping, and changing the certificate without closing a session.
Knows   nothing of the dialog.
RFC 6409 §3.1 (port 587), RFC 8314 §3.3 (implicit TLS on port 465).
"""

import asyncio
from functools import partial
from ssl import SSLContext

from ..clock import Clock
from .budget import MemoryBudget
from .ports import Authenticator, Intake, SessionPolicy
from .role import Role, SubmissionRole
from .session import Session
from .sessions import Certificate, SessionContext, Sessions
from .settings import SubmissionSettings

_BACKLOG = 1024  # programs that open a connection for each message come in bursts
_HANDSHAKE_SECONDS = 30

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
        self._servers: list[asyncio.Server] = []

    async def start(self) -> None:
        """Bind and accept. Raises OSError when an address cannot be bound; then none is."""
        try:
            self.addresses = await self._bind(self._settings.listen, None)
            self.tls_addresses = await self._bind(self._settings.listen_tls, self._settings.tls_context)
        except OSError:
            self._close_servers()
            raise

    async def stop(self, grace_seconds: float = 1.0) -> None:
        """Accept no more; 421 to each session at its next command, at once to those that wait; then close them."""
        self._close_servers()
        await self.sessions.stop(grace_seconds)

    def reload_certificate(self, context: SSLContext) -> None:
        """Use another certificate from the next handshake on."""
        self._certificate.context = context

    async def _bind(self, addresses: tuple[str, ...], tls: SSLContext | None) -> tuple[BoundAddress, ...]:
        loop = asyncio.get_running_loop()
        if tls is not None:
            tls.sni_callback = self._certificate.serve_with
        timeout = None if tls is None else _HANDSHAKE_SECONDS
        bound: list[BoundAddress] = []
        for host, port in map(split_listen_address, addresses):
            factory = partial(Session, self._context, tls=tls is not None)
            server = await loop.create_server(
                factory, host, port, ssl=tls, backlog=_BACKLOG, ssl_handshake_timeout=timeout
            )
            self._servers.append(server)
            bound += [(name[0], name[1]) for name in (socket.getsockname() for socket in server.sockets)]
        return tuple(bound)

    def _close_servers(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()


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
