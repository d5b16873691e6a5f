"""One question to the name servers, and the first answer that counts.

Owns   the order of servers, failover, the second try with more patience, plain DNS for servers that choke on EDNS,
       and how many questions travel at once.
Knows  nothing of caches; `mta.dns.reading` says what an answer means, `mta.dns.transport` how it comes.

A server that says SERVFAIL or REFUSED has answered, but not the question: the next one is asked. One that found the
answer bogus is believed: another that does not validate would give us what the first has kept from us. A silent server
is asked a second time after all others, with more patience and without EDNS, which may be what it drops.
At most MAX_IN_FLIGHT questions wait for answers; more wait their turn: a burst overruns the socket buffer of a
resolver on the same machine, and every datagram lost costs two seconds. An asking takes at most
`3 * len(servers) * sum(PATIENCE_SECONDS)` (UDP, TCP, UDP without EDNS), and that only when all of it fails.
RFC 6891 §6.2.2 (FORMERR), RFC 8914 §1 (SERVFAIL has many reasons).
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol, TypeVar

import msgspec

from ..clock import Clock, SystemClock
from . import transport
from .answers import Answer, Trouble, Unavailable
from .message import Rcode, question_octets, rcode_of
from .reading import Alias, read
from .records import RecordKind
from .server_health import ServerHealth, ServerSeen
from .servers import NameServer

T = TypeVar("T")
PATIENCE_SECONDS = (2.0, 4.0)
MAX_IN_FLIGHT = 150
_CHOKED = (Rcode.FORMERR, Rcode.NOTIMP)
_ORDER = {kind: number for number, kind in enumerate(Trouble)}


class Exchange(Protocol):
    """Asks one question."""

    async def ask(self, name: str, kind: RecordKind[T]) -> Answer[T] | Alias:
        """What the servers say; `name` in its one form. Raises BadNameError for what cannot travel, nothing else."""
        ...


class NetworkExchange:
    """Asks name servers over the network, in their order, those that rest last."""

    def __init__(
        self,
        servers: Sequence[NameServer],
        patience_seconds: Sequence[float] = PATIENCE_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        self._health = ServerHealth(servers, clock or SystemClock())
        self._patience = tuple(patience_seconds)
        self._turns = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._probes: set[asyncio.Task[None]] = set()

    async def ask(self, name: str, kind: RecordKind[T]) -> Answer[T] | Alias:
        question = question_octets(name, kind.number)
        async with self._turns:
            self._probe(name, kind, question)
            return await self._first_that_counts(name, kind, question)

    def servers(self) -> tuple[ServerSeen, ...]:
        """Each server and how it does, for people."""
        return self._health.seen()

    async def _first_that_counts(self, name: str, kind: RecordKind[T], question: bytes) -> Answer[T] | Alias:
        failed: dict[NameServer, Unavailable] = {}
        waiting = self._health.in_order()
        for attempt, seconds in enumerate(self._patience):
            for server in waiting:
                edns = not attempt and self._health.takes_edns(server)
                answer = await self._one(server, name, kind, question, seconds, edns=edns)
                if not isinstance(answer, Unavailable):
                    failed.pop(server, None)
                    self._health.answered(server, ((each, why.kind, why.why) for each, why in failed.items()))
                    return answer if isinstance(answer, Alias) else _from(server, answer)
                failed[server] = answer
                if answer.kind is Trouble.BOGUS:
                    return _failure(failed)
            waiting = [server for server in waiting if failed[server].kind is Trouble.TIMEOUT]
        return _failure(failed)

    async def _one(
        self, server: NameServer, name: str, kind: RecordKind[T], question: bytes, seconds: float, *, edns: bool
    ) -> Answer[T] | Alias:
        try:
            octets = await transport.ask(server, question, seconds, edns=edns)
            if edns and rcode_of(octets) in _CHOKED:
                plain = await transport.ask(server, question, seconds, edns=False)
                if rcode_of(plain) not in _CHOKED:
                    self._health.chokes_on_edns(server)
                octets = plain
        except transport.TransportError as error:
            return Unavailable(str(error), error.kind)
        return read(octets, name, kind)

    def _probe(self, name: str, kind: RecordKind[T], question: bytes) -> None:
        server = self._health.probe_due()
        if server is not None:
            task = asyncio.create_task(self._try_again(server, name, kind, question))
            self._probes.add(task)
            task.add_done_callback(self._probes.discard)

    async def _try_again(self, server: NameServer, name: str, kind: RecordKind[T], question: bytes) -> None:
        edns = self._health.takes_edns(server)
        answer = await self._one(server, name, kind, question, self._patience[0], edns=edns)
        if isinstance(answer, Unavailable):
            self._health.still_fails(server, answer.why)
        else:
            self._health.answered(server)


def _from(server: NameServer, answer: Answer[T]) -> Answer[T]:
    return msgspec.structs.replace(answer, server=str(server))


def _failure(failed: dict[NameServer, Unavailable]) -> Unavailable:
    """What each server said, under the kind that says most."""
    server, worst = min(failed.items(), key=lambda item: _ORDER[item[1].kind])
    why = "; ".join(
        f"{each} says {what.why}" if _spoke(what) else f"{each}: {what.why}" for each, what in failed.items()
    )
    return Unavailable(why, worst.kind, str(server))


def _spoke(what: Unavailable) -> bool:
    return what.kind not in (Trouble.TIMEOUT, Trouble.UNREACHABLE)
