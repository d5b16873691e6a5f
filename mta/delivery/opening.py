"""Opening a session with a site: host after host, address after address.

Owns   the order of trying, the connect time-outs, and trying an address again in another manner when that may help.
Knows  nothing of jobs; permits and counting are asked of its `Opener` (the lane).
RFC 5321 §5.1 (every MX is tried), RFC 7435 (plain rather than nothing).
"""

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol

from ..clock import Clock
from ..outcome import Deferred, Peer, Stage
from ..smtp.client import ClientSession
from ..smtp.errors import PeerDisconnected, PeerTimeout
from ..smtp.manner import Manner
from .attempt import Ending, Withdrawn, deferred
from .candidates import DeadAddresses, reachable
from .connection import Connection
from .connection_owner import ConnectionOwner
from .dialogue import Dialogue, of_opening
from .egress import EgressSource, TlsLevel
from .families import Family
from .host import Host
from .host_memory import HostMemory, Quirk
from .lessons import learn_from_opening
from .timeouts import Timeouts

_SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class _Failure(NamedTuple):
    """A connect or greeting that came to nothing."""

    ending: Ending
    outcome: Deferred
    session: ClientSession


class Unopened(NamedTuple):
    """The word of the peers when none of them would, and what was said with the one whose word it is."""

    outcome: Deferred
    dialogue: Dialogue | None = None


class Opener(ConnectionOwner[Connection], Protocol):
    """What an opening needs of its lane."""

    @property
    def tls_level(self) -> TlsLevel: ...

    def count_connected(self) -> None: ...

    def count_closed(self) -> None:
        """The attempt has come to nothing, and its socket is closed."""
        ...


class LocalShortage(Exception):
    """This machine has no descriptor or no memory for a socket now: no peer is to blame (Q5)."""


class Opening:
    """Opens sessions for one lane."""

    def __init__(
        self, opener: Opener, source: EgressSource, port: int, timeouts: Timeouts, memory: HostMemory, clock: Clock
    ) -> None:
        self._opener = opener
        self._source = source
        self._port = port
        self._timeouts = timeouts
        self._memory = memory
        self._dead = DeadAddresses(clock)

    async def open(
        self, hosts: Sequence[Host], avoided: Family | None, permit: Callable[[], Awaitable[bool]]
    ) -> Connection | Unopened | None:
        """A ready connection; or the word of the peers, when none of them would; or None when `permit` said no.

        `permit` is awaited before every connect. Raises LocalShortage: then no peer was asked anything.
        """
        verdict = Unopened(
            deferred(Withdrawn("the site has no address that the source can reach"), Stage.ROUTE, Peer())
        )
        candidates = self._dead.last(reachable(hosts, self._source, avoided))
        while candidates:
            if not await permit():
                return None
            result = await self._attempt(candidates[0], is_last=len(candidates) == 1)
            if isinstance(result, Connection):
                self._dead.forget(result.peer.address)
                return result
            if learn_from_opening(result.session, result.ending, self._opener.tls_level, self._memory):
                continue  # the same address, in another manner
            self._dead.remember(candidates.pop(0).address)
            if result.outcome.reply is not None or verdict.outcome.reply is None:
                verdict = Unopened(result.outcome, of_opening(result.session, result.ending))
        return verdict

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
        return _Failure(ending, deferred(ending, connection.stage, connection.peer), connection.session)

    def _make(self, peer: Peer) -> Connection:
        level = self._opener.tls_level
        session = ClientSession(self._source.ehlo_for(peer.address), peer, self._manner_for(peer.host, level))
        return Connection(self._opener, session, self._timeouts, asyncio.get_running_loop(), level)

    def _manner_for(self, host: str, level: TlsLevel) -> Manner:
        is_required = level is not TlsLevel.OPPORTUNISTIC
        return Manner(
            use_tls=is_required or not self._memory.has(host, Quirk.BREAKS_TLS),
            require_tls=is_required,
            pipeline=not self._memory.has(host, Quirk.BREAKS_PIPELINING),
            say_helo=not is_required and self._memory.has(host, Quirk.CLOSES_ON_EHLO),
        )

    async def _connect(self, connection: Connection, peer: Peer, *, is_last: bool) -> Ending | None:
        seconds = self._timeouts.connect if is_last else self._timeouts.connect_with_alternative
        local = self._source.local_for(peer.address)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                await loop.create_connection(
                    lambda: connection, peer.address, self._port, local_addr=(local, 0) if local else None
                )
        except TimeoutError:
            return PeerTimeout("connect timed out")
        except OSError as error:
            if error.errno in _SHORTAGES:
                raise LocalShortage(_reason(error)) from error
            return PeerDisconnected(f"connect failed: {_reason(error)}")
        self._opener.count_connected()
        ending = await connection.opening
        if ending is not None:
            await connection.closed
        return ending


def _reason(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)
