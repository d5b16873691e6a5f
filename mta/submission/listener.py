"""Submission, listening.

Owns    accepting (STARTTLS and implicit TLS), stopping, and changing the certificate without closing a session.
Knows   nothing of the dialog, nor how sockets were bound (`doors`).
RFC 6409 §3.1 (port 587), RFC 8314 §3.3 (implicit TLS on port 465).
"""

import asyncio
from functools import partial
from ssl import SSLContext

from ..clock import Clock
from .budget import MemoryBudget
from .counted import ListenerFigures
from .doors import BACKLOG, BoundAddress, Doors, open_doors
from .ports import Authenticator, Intake, SessionPolicy
from .role import Role, SubmissionRole
from .session import Session
from .sessions import Certificate, SessionContext, Sessions
from .settings import SubmissionSettings
from .tls_door import TlsDoor
from .watch import Watch


class SubmissionListener:
    """A running listener. `addresses` and `tls_addresses` are what was bound, with the real ports."""

    def __init__(self, settings: SubmissionSettings, role: Role, clock: Clock) -> None:
        self.addresses: tuple[BoundAddress, ...] = ()
        self.tls_addresses: tuple[BoundAddress, ...] = ()
        self.sessions = Sessions(settings.limits)
        self._settings = settings
        self._certificate = Certificate(settings.tls_context)
        self._budget = MemoryBudget(settings.memory_bytes)
        self._context = SessionContext(settings, role, clock, self._budget, self.sessions, self._certificate)
        self._watch = Watch(self.sessions, settings.limits, clock)
        self._servers: list[asyncio.Server] = []
        self._doors: list[TlsDoor] = []

    @property
    def figures(self) -> ListenerFigures:
        """Sessions and their memory now; refusals since the start."""
        held = self._settings.memory_bytes - self._budget.free
        return ListenerFigures(len(self.sessions), held, dict(self.sessions.refused))

    async def start(self) -> None:
        """Bind and accept. Raises OSError when an address cannot be bound; then none is."""
        await self.serve(await open_doors(self._settings.listen, self._settings.listen_tls))

    async def serve(self, doors: Doors) -> None:
        """Accept on these sockets, which are the listener's from here on."""
        if doors.tls and self._certificate.context is None:
            raise ValueError("implicit TLS needs a certificate")
        self.addresses, self.tls_addresses = doors.addresses, doors.tls_addresses
        loop = asyncio.get_running_loop()
        for each in doors.plain:
            make = partial(Session, self._context, tls=False)
            self._servers.append(await loop.create_server(make, sock=each, backlog=BACKLOG))
        self._doors = [TlsDoor(each, self._context) for each in doors.tls]
        self._watch.start()

    async def stop(self, grace_seconds: float = 1.0) -> None:
        """Accept no more; 421 to each session at its next command, at once to those that wait; then close them."""
        await self._close_sockets()
        await self.sessions.stop(grace_seconds)
        self._watch.stop()

    def reload_certificate(self, context: SSLContext) -> None:
        """Use another certificate from the next handshake on."""
        self._certificate.context = context

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
