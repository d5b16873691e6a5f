"""The sessions of one listener, and what they share.

Owns    counting sessions in all and per client; telling them to end; the certificate in force.
Knows   nothing of the dialog.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ..clock import Clock
from ..reply import Reply, reply
from .budget import MemoryBudget
from .offenders import Offenders
from .role import Role
from .settings import SessionLimits, SubmissionSettings
from .watch import Watched

_TOO_MANY = reply(421, "4.7.0", "too many connections, try again later")
_TOO_MANY_OF_YOURS = reply(421, "4.7.0", "too many connections from your address, try again later")
_STOPPING = reply(421, "4.3.2", "the server is stopping, try again later")


class Stoppable(Watched, Protocol):
    """A session, as its registry sees it."""

    def stop(self) -> None:
        """End at the next command, or now when none is being answered."""
        ...


class Sessions:
    """Who is connected, and what was refused."""

    def __init__(self, limits: SessionLimits) -> None:
        self.stopping = False
        self.refused: Counter[int] = Counter()  # replies 4yz and 5yz by code
        self._limits = limits
        self._open: dict[Stoppable, str] = {}
        self._per_client: Counter[str] = Counter()
        self._none_left = asyncio.Event()
        self._none_left.set()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Stoppable]:
        return iter(self._open)

    def enter(self, session: Stoppable, address: str) -> Reply | None:
        """Count a session in; the reply when it cannot stay (it must leave all the same).

        One that came in by implicit TLS was counted before its handshake.
        """
        if session in self._open:
            return _STOPPING if self.stopping else None
        self._open[session] = address
        self._per_client[address] += 1
        self._none_left.clear()
        if self.stopping:
            return _STOPPING
        if len(self._open) > self._limits.max_connections:
            return _TOO_MANY
        if self._per_client[address] > self._limits.max_connections_per_client:
            return _TOO_MANY_OF_YOURS
        return None

    def leave(self, session: Stoppable) -> None:
        """Count it out; safe more than once."""
        address = self._open.pop(session, None)
        if address is None:
            return
        self._per_client[address] -= 1
        if not self._per_client[address]:
            del self._per_client[address]
        if not self._open:
            self._none_left.set()

    async def stop(self, grace_seconds: float) -> None:
        """Ask all to end, wait for what they are doing, then close what is left."""
        self.stopping = True
        for session in tuple(self._open):
            session.stop()
        try:
            await asyncio.wait_for(self._none_left.wait(), grace_seconds)
        except TimeoutError:
            for session in tuple(self._open):
                session.abort()


@dataclass
class Certificate:
    """The TLS context for handshakes from now on; replaced by a reload, never by a session."""

    context: ssl.SSLContext | None


class SessionContext:
    """What all sessions of a listener share."""

    def __init__(
        self,
        settings: SubmissionSettings,
        role: Role,
        clock: Clock,
        budget: MemoryBudget,
        sessions: Sessions,
        certificate: Certificate,
    ) -> None:
        self.settings, self.role, self.clock = settings, role, clock
        self.budget, self.sessions, self.certificate = budget, sessions, certificate
        self.offenders = Offenders(
            clock,
            failures_before_slowing=settings.limits.failures_before_slowing,
            slow_greeting_seconds=settings.limits.slow_greeting_seconds,
        )
        self.banner = reply(220, "", f"{settings.hostname} ESMTP Youtong")
        self._hellos: dict[tuple[bool, bool], Reply] = {}

    def hello(self, *, starttls: bool, auth: bool) -> Reply:
        """The reply to EHLO."""
        known = self._hellos.get((starttls, auth))
        if known is None:
            known = self._hellos[starttls, auth] = reply(250, "", *self._offers(starttls=starttls, auth=auth))
        return known

    def _offers(self, *, starttls: bool, auth: bool) -> list[str]:
        size = f"SIZE {self.settings.max_message_size_bytes}"
        offered = [self.settings.hostname, size, "8BITMIME", "SMTPUTF8", "PIPELINING", "CHUNKING"]
        offered += (
            ["DSN", "DELIVERBY"] * self.role.is_submission + ["STARTTLS"] * starttls + ["AUTH PLAIN LOGIN"] * auth
        )
        return [*offered, "ENHANCEDSTATUSCODES", "HELP"]
