"""A name system in a dictionary."""

import asyncio

from youtong.mta.dns.answers import Answer, Family, Found, MxRecord, NoData, NoSuchName, Unavailable


class FakeResolver:
    """Implements `youtong.mta.dns.answers.Resolver`; what is not told does not exist. `asked` lists every question."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self._answers: dict[tuple[str, str], Answer] = {}
        self._names: set[str] = set()

    def has_mx(self, domain: str, *records: tuple[int, str], ttl_seconds: int = 300) -> "FakeResolver":
        found = Found(tuple(MxRecord(preference, host) for preference, host in records), ttl_seconds)
        return self.answers(domain, "mx", found)

    def has_addresses(self, host: str, *addresses: str, ttl_seconds: int = 300) -> "FakeResolver":
        for family in Family:
            of_family = tuple(each for each in addresses if (":" in each) == (family is Family.IPV6))
            if of_family:
                self.answers(host, family, Found(of_family, ttl_seconds))
        return self

    def has_txt(self, name: str, *texts: bytes) -> "FakeResolver":
        return self.answers(name, "txt", Found(texts, 300))

    def fails(self, name: str, why: str = "SERVFAIL") -> "FakeResolver":
        for question in ("mx", "txt", *Family):
            self.answers(name, question, Unavailable(why))
        return self

    def answers(self, name: str, question: str, answer: Answer) -> "FakeResolver":
        self._answers[(name, str(question))] = answer
        self._names.add(name)
        return self

    async def mx(self, domain: str) -> Answer[MxRecord]:
        return await self._ask(domain, "mx")

    async def addresses(self, host: str, family: Family) -> Answer[str]:
        return await self._ask(host, family)

    async def txt(self, name: str) -> Answer[bytes]:
        return await self._ask(name, "txt")

    async def _ask(self, name: str, question: str) -> Answer:
        await asyncio.sleep(0)  # a look-up always gives others a turn
        self.asked.append((name, str(question)))
        known = self._answers.get((name, str(question)))
        if known is not None:
            return known
        return NoData(60) if name in self._names else NoSuchName(60)
