"""The resolver: questions of the house to recursive name servers, each asked once while its answer is good.

Owns   single flight (however many ask for a name, one question travels), the cache, and aliases across messages.
Knows  nothing of MX order or private addresses (`mta.dns.route`), nor of sockets (`mta.dns.exchange`).
Implements the port `mta.dns.answers.Resolver`. A cached answer costs no task and no packet.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype

from ..clock import Clock
from .answers import Answer, Family, MxRecord, NoSuchName, Unavailable
from .cache import AnswerCache
from .exchange import Exchange, NetworkExchange, NoAnswer
from .reading import Alias, address_value, mx_value, read, txt_value
from .servers import name_servers

T = TypeVar("T")
CACHE_CAPACITY = 50_000  # about 25 MB at the worst
MAX_ALIASES = 8
_RDTYPES = {Family.IPV4: dns.rdatatype.A, Family.IPV6: dns.rdatatype.AAAA}
_Key = tuple[str, dns.rdatatype.RdataType]


class CachingResolver:
    """Implements `Resolver` over an `Exchange`."""

    def __init__(self, exchange: Exchange, clock: Clock, capacity: int = CACHE_CAPACITY) -> None:
        self._exchange = exchange
        self._cache = AnswerCache(clock, capacity)
        self._in_flight: dict[_Key, asyncio.Task[Answer[Any]]] = {}

    async def mx(self, domain: str) -> Answer[MxRecord]:
        return await self._look_up(domain, dns.rdatatype.MX, mx_value)

    async def addresses(self, host: str, family: Family) -> Answer[str]:
        return await self._look_up(host, _RDTYPES[family], address_value)

    async def txt(self, name: str) -> Answer[bytes]:
        return await self._look_up(name, dns.rdatatype.TXT, txt_value)

    def forget_all(self) -> None:
        """Empty the cache: the operator says that the world has changed."""
        self._cache.clear()

    async def _look_up(
        self, name: str, rdtype: dns.rdatatype.RdataType, value: Callable[[dns.rdata.Rdata], T]
    ) -> Answer[T]:
        key = (name.lower().rstrip("."), rdtype)
        known = self._cache.get(key)
        if known is not None:
            return known
        task = self._in_flight.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(key, value))
            self._in_flight[key] = task
            task.add_done_callback(lambda _: self._in_flight.pop(key, None))
        return await asyncio.shield(task)  # one asker that gives up does not take the answer from the others

    async def _ask(self, key: _Key, value: Callable[[dns.rdata.Rdata], T]) -> Answer[T]:
        text, rdtype = key
        try:
            answer = await self._follow(dns.name.from_text(text), rdtype, value)
        except NoAnswer as error:
            answer = Unavailable(str(error))
        except (dns.exception.DNSException, UnicodeError):
            answer = NoSuchName()  # from_text: no such name can exist
        return self._cache.put(key, answer)

    async def _follow(
        self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, value: Callable[[dns.rdata.Rdata], T]
    ) -> Answer[T]:
        for _ in range(MAX_ALIASES):
            answer = read(await self._exchange.ask(name, rdtype), value)
            if not isinstance(answer, Alias):
                return answer
            name = dns.name.from_text(answer.target)
        return Unavailable("a chain of aliases without end")


def system_resolver(configured: Sequence[str], clock: Clock) -> CachingResolver:
    """The resolver for `[delivery] dns_servers`; [] asks the system's servers. Raises ValueError for a bad address."""
    return CachingResolver(NetworkExchange(name_servers(configured)), clock)
