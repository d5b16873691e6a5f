"""Which name servers do their work: the order in which they are asked.

Owns   the memory of servers that failed while another one answered the same question, and of those that choke on EDNS.
Knows  nothing of packets.

Only a comparison shows whose fault a failure is: a question that nobody answers says nothing about the servers (its
domain's own may be dead). A server that fails where another answers *rests*: it is asked last, and after a while a
copy of some question is sent to it, for which nobody waits (`probe_due`). SERVFAIL where another answers may be the
domain's fault all the same, so only three in a row count.
"""

import logging
from collections.abc import Iterable, Sequence

import msgspec

from ..clock import Clock
from .answers import Trouble
from .servers import NameServer

SHORTEST_REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 300.0
_FAILURES_TO_REST = 3
_PLAIN_SECONDS = 3600.0  # then EDNS is tried again
_log = logging.getLogger("youtong.dns")


class ServerSeen(msgspec.Struct, frozen=True):
    """A server, for people; `why` is "" while it does its work."""

    server: str
    why: str = ""
    rests_seconds: float = 0.0
    edns: bool = True


class _Health(msgspec.Struct):
    why: str = ""
    rest_seconds: float = 0.0
    until: float = 0.0  # monotonic
    failures: int = 0
    plain_until: float = 0.0


class ServerHealth:
    """Told of what each server did; asked for the order."""

    def __init__(self, servers: Sequence[NameServer], clock: Clock) -> None:
        assert servers, "at least one name server"
        self._clock = clock
        self._health = {server: _Health() for server in servers}

    def in_order(self) -> list[NameServer]:
        """As configured, those that rest last."""
        return sorted(self._health, key=lambda server: bool(self._health[server].why))

    def probe_due(self) -> NameServer | None:
        """A server whose rest is over: the caller asks it something now. It rests on until it answers."""
        now = self._clock.monotonic()
        for server, health in self._health.items():
            if health.why and health.until <= now:
                health.until = now + health.rest_seconds
                return server
        return None

    def answered(self, server: NameServer, failed: Iterable[tuple[NameServer, Trouble, str]] = ()) -> None:
        """The server answered, after the others had failed at the same question."""
        health = self._health[server]
        if health.why:
            _log.info("name server %s answers again", server)
        health.why, health.rest_seconds, health.failures = "", 0.0, 0
        for other, kind, words in failed:
            self._failed(other, kind, words)

    def _failed(self, server: NameServer, kind: Trouble, words: str) -> None:
        health = self._health[server]
        health.failures += 1
        if kind is Trouble.SERVER_FAILURE and health.failures < _FAILURES_TO_REST:
            return
        if not health.why:
            _log.warning("name server %s is asked last from now on: %s", server, words)
            self._rest(health)
        health.why = words

    def still_fails(self, server: NameServer, words: str) -> None:
        """The probe was in vain."""
        health = self._health[server]
        if health.why:
            health.why = words
            self._rest(health)

    def _rest(self, health: _Health) -> None:
        health.rest_seconds = min(max(SHORTEST_REST_SECONDS, health.rest_seconds * 2), LONGEST_REST_SECONDS)
        health.until = self._clock.monotonic() + health.rest_seconds

    def takes_edns(self, server: NameServer) -> bool:
        return self._health[server].plain_until <= self._clock.monotonic()

    def chokes_on_edns(self, server: NameServer) -> None:
        """It failed with EDNS and answered the same question without."""
        self._health[server].plain_until = self._clock.monotonic() + _PLAIN_SECONDS

    def seen(self) -> tuple[ServerSeen, ...]:
        now = self._clock.monotonic()
        return tuple(
            ServerSeen(
                str(server), health.why, max(0.0, health.until - now) if health.why else 0.0, health.plain_until <= now
            )
            for server, health in self._health.items()
        )
