"""Opening a session with a site: host after host, address after address.

Owns   the order of trying, the connect time-outs, the fall-back from broken TLS, and the memory of dead addresses.
Knows  nothing of jobs; permits and counting are asked of its `Opener` (the lane).
RFC 5321 §5.1 (every MX is tried), RFC 7435 (plain rather than nothing).
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol

from ..clock import Clock
from ..outcome import Deferred, Peer, Stage
from ..smtp.client import ClientSession
from ..smtp.errors import PeerDisconnected, PeerError, PeerTimeout, TlsFailed
from .attempt import Ending, Withdrawn, deferred
from .connection import Connection, ConnectionOwner
from .egress import EgressSource
from .host import Host
from .timeouts import Timeouts
from .tls_memory import TlsMemory

_DEAD_SECONDS = 300.0
_MAX_DEAD = 10_000


class DeadAddresses:
    """Addresses that failed within the last minutes: tried last, never left out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def remember(self, address: str) -> None:
        if len(self._until) >= _MAX_DEAD:
            del self._until[next(iter(self._until))]
        self._until[address] = self._clock.monotonic() + _DEAD_SECONDS

    def forget(self, address: str) -> None:
        self._until.pop(address, None)

    def order(self, hosts: Sequence[Host]) -> list[Peer]:
        """Every address of every host; those that failed lately last, else in the order given."""
        now = self._clock.monotonic()
        everyone = [Peer(host.name, address) for host in hosts for address in host.addresses]
        return sorted(everyone, key=lambda peer: self._until.get(peer.address, 0.0) > now)


class _Failure(NamedTuple):
    """A connect or greeting that came to nothing."""

    ending: Ending
    outcome: Deferred


class Opener(ConnectionOwner, Protocol):
    """What an opening needs of its lane."""

    def count_connected(self) -> None: ...

    def count_closed(self) -> None:
        """The attempt has come to nothing, and its socket is closed."""
        ...


class Opening:
    """Opens sessions for one lane."""

    def __init__(
        self,
        opener: Opener,
        source: EgressSource,
        port: int,
        timeouts: Timeouts,
        tls_memory: TlsMemory,
        dead: DeadAddresses,
    ) -> None:
        self._opener = opener
        self._source = source
        self._port = port
        self._timeouts = timeouts
        self._tls_memory = tls_memory
        self._dead = dead

    async def open(self, hosts: Sequence[Host], permit: Callable[[], Awaitable[bool]]) -> Connection | Deferred | None:
        """A ready connection; or the word of the peers, when none of them would; or None when `permit` said no.

        `permit` is awaited before every connect.
        """
        verdict = deferred(Withdrawn("the site has no address"), Stage.ROUTE, Peer())
        candidates = self._dead.order(hosts)
        while candidates:
            if not await permit():
                return None
            result = await self._attempt(candidates[0], is_last=len(candidates) == 1)
            if isinstance(result, Connection):
                self._dead.forget(result.peer.address)
                return result
            if self._learns_of_broken_tls(result):
                continue  # the same address, in the clear
            self._dead.remember(candidates.pop(0).address)
            verdict = result.outcome if result.outcome.reply is not None or verdict.reply is None else verdict
        return verdict

    def _learns_of_broken_tls(self, failure: _Failure) -> bool:
        host = failure.outcome.peer.host
        if failure.outcome.stage is not Stage.TLS or not isinstance(failure.ending, PeerError):
            return False  # the peer said no, or we stopped
        if self._tls_memory.is_broken(host):
            return False
        self._tls_memory.remember_broken(host, lasting=isinstance(failure.ending, TlsFailed))
        return True

    async def _attempt(self, peer: Peer, *, is_last: bool) -> Connection | _Failure:
        """One connect and greeting. On anything but a Connection the socket is closed and counted as closed."""
        connection = self._make(peer)
        established = False
        try:
            ending = await self._connect(connection, peer, is_last=is_last)
            established = ending is None
        finally:
            if not established:
                connection.end(Withdrawn("stopped while connecting"))
                self._opener.count_closed()
        if ending is None:
            return connection
        return _Failure(ending, deferred(ending, connection.stage, connection.peer))

    def _make(self, peer: Peer) -> Connection:
        session = ClientSession(self._source.ehlo, peer, use_tls=not self._tls_memory.is_broken(peer.host))
        return Connection(self._opener, session, self._timeouts, asyncio.get_running_loop())

    async def _connect(self, connection: Connection, peer: Peer, *, is_last: bool) -> Ending | None:
        seconds = self._timeouts.connect if is_last else self._timeouts.connect_with_alternative
        local = (self._source.address, 0) if self._source.address else None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                await loop.create_connection(lambda: connection, peer.address, self._port, local_addr=local)
        except TimeoutError:
            return PeerTimeout("connect timed out")
        except OSError as error:
            return PeerDisconnected(f"connect failed: {_reason(error)}")
        self._opener.count_connected()
        ending = await connection.opening
        if ending is not None:
            await connection.closed
        return ending


def _reason(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)
