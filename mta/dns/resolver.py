"""The resolver: questions of the house to recursive name servers, each asked once while its answer is good.

Owns   single flight (however many ask for a name, one question travels), the cache, and aliases across messages.
Knows  nothing of MX order or private addresses (`mta.dns.route`), nor of sockets (`mta.dns.exchange`).
Implements the port `mta.dns.answers.Resolver`. A cached answer costs no task and no packet.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

from ..clock import Clock
from .answers import Answer, Family, Found, MxRecord, NoSuchName, Trouble, Unavailable
from .cache import AnswerCache
from .exchange import Exchange, NetworkExchange
from .names import BadNameError, normal_name
from .reading import Alias
from .records import ADDRESS, MX, TXT, RecordKind
from .servers import name_servers

T = TypeVar("T")
CACHE_CAPACITY = 50_000  # about 25 MB at the worst
MAX_ALIASES = 8  # messages
_Key = tuple[str, str]


class CachingResolver:
    """Implements `Resolver` over an `Exchange`."""

    def __init__(self, exchange: Exchange, clock: Clock, capacity: int = CACHE_CAPACITY) -> None:
        self._exchange = exchange
        self._cache = AnswerCache(clock, capacity)
        self._in_flight: dict[_Key, asyncio.Task[Answer[Any]]] = {}
        self.asked = self.remembered = 0  # questions to name servers, and those answered from memory

    async def mx(self, domain: str) -> Answer[MxRecord]:
        return await self._look_up(domain, MX)

    async def addresses(self, host: str, family: Family) -> Answer[str]:
        return await self._look_up(host, ADDRESS[family])

    async def txt(self, name: str) -> Answer[bytes]:
        return await self._look_up(name, TXT)

    def forget_failures(self) -> int:
        """The operator says that the world has changed: what could not be looked up, or did not exist, is asked for
        again; how many answers are forgotten."""
        return self._cache.forget_failures()

    async def _look_up(self, text: str, kind: RecordKind[T]) -> Answer[T]:
        try:
            name = normal_name(text)
        except BadNameError:
            return NoSuchName()
        key = (name, kind.name)
        known = self._cache.get(key)
        if known is not None:
            self.remembered += 1
            return known
        task = self._in_flight.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(key, kind))
            self._in_flight[key] = task
            task.add_done_callback(lambda _: self._in_flight.pop(key, None))
        return await asyncio.shield(task)  # one asker that gives up does not take the answer from the others

    async def _ask(self, key: _Key, kind: RecordKind[T]) -> Answer[T]:
        self.asked += 1
        try:
            answer = await self._follow(key[0], kind)
        except BadNameError:
            answer = NoSuchName()  # it cannot exist
        return self._cache.put(key, answer)

    async def _follow(self, name: str, kind: RecordKind[T]) -> Answer[T]:
        answer = await self._exchange.ask(name, kind)
        if not isinstance(answer, Alias):
            return answer
        ttl = answer.ttl_seconds
        seen = {name}
        while answer.target not in seen and len(seen) < MAX_ALIASES:
            target, ttl = answer.target, min(ttl, answer.ttl_seconds)
            seen.add(target)
            answer = await self._exchange.ask(target, kind)
            if not isinstance(answer, Alias):
                return _as_alias(answer, target, ttl)
        return Unavailable(f"a chain of aliases without end, from {name}", Trouble.ALIAS_LOOP)


def _as_alias(answer: Answer[T], target: str, ttl: int) -> Answer[T]:
    """What is known about the target, as it holds for the alias."""
    match answer:
        case Found(records=records, server=server):
            return Found(records, min(ttl, answer.ttl_seconds), answer.canonical or target, server)
        case NoSuchName(ttl_seconds=own, server=server):
            return NoSuchName(min(ttl, own), server)
        case _:
            return answer


def system_resolver(configured: Sequence[str], clock: Clock) -> CachingResolver:
    """The resolver for `[delivery] dns_servers`; [] asks the system's servers. Raises ValueError for a bad address."""
    return CachingResolver(NetworkExchange(name_servers(configured), clock=clock), clock)
