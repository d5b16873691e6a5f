"""The simulated internet: name server, MX hosts and control socket in one process.

Owns   starting and stopping them all; `start(settings)` is the way in for tests, the
       verbs `simulator` and `demo`.
Knows  nothing of behaviours (`settings`, `provider`, `dialog`).
Everything listens on loopback addresses, all MX hosts on one port number, which is the sender's `[delivery] port`.
"""

import asyncio
from functools import partial
from pathlib import Path

from ..clock import Clock, SystemClock
from ..dns.server import DnsServer, serve_dns
from ..dns.servers import parse_server
from ..dns.zones import ZoneSource
from .certificate import Certificates
from .control import Control, ControlConnection
from .domains import expand
from .ledger import Ledger
from .maildir import Maildir
from .names import Nobody, SimulatedNames
from .provider import Provider
from .returns.returning import Returning
from .session import Session
from .settings import MxHost, Settings
from .silence import SilentHost
from .timetable import Timetable

_PORT_TRIES = 50
_BACKLOG = 1024


class Simulator:
    """A running simulated internet; made by `start`."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        servers = settings.simulator
        self._settings = settings
        self._maildir = Maildir(Path(servers.maildir)) if servers.maildir else None
        self.ledger = Ledger(clock, servers.keep_messages, self._maildir)
        self.providers = {each.name: Provider(each, clock, servers.keep_log) for each in settings.provider}
        self._timetable = Timetable(self.providers.values(), servers.seed)
        self.names = SimulatedNames(self.providers.values(), settings.record)
        self._returning = Returning(self.providers, self.names, lambda: self.port)
        self.ledger.on_kept = self._returning.kept
        self.dns_address: tuple[str, int] = ("", 0)
        self.port = 0
        self.control: tuple[str, int] | str | None = None  # (address, port), a socket's path, or none
        names = [name for each in settings.provider for mx in each.mx for name in expand(mx.host)]
        self._tls = Certificates(names or ["simulator.test"], clock)
        self.silent_dns_address: tuple[str, int] = ("", 0)
        self._name_servers: list[DnsServer] = []
        self._silent: list[SilentHost] = []
        self._servers: list[asyncio.Server] = []
        self._sessions: set[Session] = set()
        self._askers: set[asyncio.Transport] = set()

    async def open(self) -> None:
        """Bind everything. Raises OSError, having closed what was open."""
        try:
            await self._open_dns()
            await self._open_hosts()
            await self._open_control()
            self._timetable.begin()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close everything; safe more than once."""
        self._timetable.end()
        await self._returning.end()
        for name_server in self._name_servers:
            await name_server.stop()
        for silent in self._silent:
            silent.close()
        for server in self._servers:
            server.close()
        for session in list(self._sessions):
            session.abort()
        for asker in list(self._askers):
            asker.abort()
        for server in self._servers:
            await server.wait_closed()
        if self._maildir is not None:
            self._maildir.close()
        self._forget_socket_file()
        await asyncio.sleep(0)  # transports that were aborted tell their protocols in the next turn

    def _forget_socket_file(self) -> None:
        if isinstance(self.control, str):
            Path(self.control).unlink(missing_ok=True)

    async def _open_dns(self) -> None:
        servers = self._settings.simulator
        self.dns_address = await self._serve_names(self.names, servers.dns)
        if servers.silent_dns:
            self.silent_dns_address = await self._serve_names(Nobody(), servers.silent_dns)

    async def _serve_names(self, source: ZoneSource, where: str) -> tuple[str, int]:
        server = await serve_dns(source, *_split(where))
        self._name_servers.append(server)
        return server.address

    async def _open_hosts(self) -> None:
        wanted = self._settings.simulator.port
        for left in reversed(range(1 if wanted else _PORT_TRIES)):
            opened: list[asyncio.Server] = []
            try:
                self.port = await self._open_on(wanted, opened)
            except OSError:
                for server in opened:
                    server.close()
                if not left:
                    raise
            else:
                self._servers += opened
                self._silent += self._open_silent()
                return

    async def _open_on(self, port: int, opened: list[asyncio.Server]) -> int:
        """Listen on every host's address with the same port; appends to `opened`, for the caller to close."""
        loop = asyncio.get_running_loop()
        for provider in self.providers.values():
            for mx in provider.settings.mx:
                if mx.address and not mx.dead and not mx.silent:
                    make = partial(self._session, provider, mx)
                    server = await loop.create_server(make, mx.address, port, backlog=_BACKLOG)
                    opened.append(server)
                    port = server.sockets[0].getsockname()[1]
        return port

    def _open_silent(self) -> list[SilentHost]:
        hosts = [mx for each in self._settings.provider for mx in each.mx if mx.address and mx.silent]
        return [SilentHost(mx.address, self.port) for mx in hosts]

    def _session(self, provider: Provider, mx: MxHost) -> Session:
        return Session(provider, self.ledger, expand(mx.host)[0], self._tls, self._sessions)

    async def _open_control(self) -> None:
        where = self._settings.simulator.control
        if not where:
            return
        loop = asyncio.get_running_loop()
        control = Control(self.providers, self.ledger, self.names, self._settings.simulator.seed)
        make = partial(ControlConnection, control, self._askers)
        if where.startswith("unix:"):
            self.control = where.removeprefix("unix:")
            server = await loop.create_unix_server(make, self.control)
        else:
            server = await loop.create_server(make, *_split(where))
            self.control = server.sockets[0].getsockname()[:2]
        self._servers.append(server)


async def start(settings: Settings, clock: Clock | None = None) -> Simulator:
    """A simulated internet that runs until its `stop()`. Raises OSError when an address or port cannot be had."""
    simulator = Simulator(settings, clock or SystemClock())
    await simulator.open()
    return simulator


def _split(text: str) -> tuple[str, int]:
    """ "127.0.0.1:0" in two; unlike a name server's, the port may be 0."""
    if text.endswith(":0"):
        return text.removesuffix(":0").strip("[]"), 0
    server = parse_server(text)
    return server.address, server.port
