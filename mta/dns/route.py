"""Routes: which hosts take mail for a domain, best first.

Owns   `find_route`: MX, implicit MX and null MX, hosts that are ourselves, and how much of a long list is tried.
Knows  nothing of providers, sources or retry times: an `Unroutable` says why, its reader decides what becomes of it.

Invariants
    A time-out or SERVFAIL never makes a domain unroutable, only `RouteUnavailable`.
    `site` depends on the set of (at most MAX_MX_NAMES) MX names alone, never on preferences, shuffling or letter case.
    No address outside `AddressRules` is ever in a route.
    At most MAX_MX_HOSTS hosts are looked up, and a route has at most MAX_ADDRESSES_PER_HOST addresses of each: whoever
    publishes a thousand records costs us 20 questions a family.
RFC 5321 §5.1 (order, implicit MX, own hosts), RFC 7505 §3 (null MX), RFC 3464 status codes by RFC 3463 §3.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from enum import StrEnum
from random import Random
from typing import Any, TypeVar, assert_never

import msgspec

from ..address import AddressError, normalise_domain
from ..delivery.host import Host
from .address_rules import AddressRules
from .answers import Answer, Family, Found, MxRecord, NoData, NoSuchName, Resolver, Trouble, Unavailable
from .mx_hosts import best_of_each, is_host_name, localhost_address, shuffled
from .ourselves import OwnHosts

T = TypeVar("T")
MAX_MX_HOSTS = 20  # the best ones; a longer list is a mistake or an attack on our resolver
INCOMPLETE_TTL_SECONDS = 60  # some host's addresses could not be had: ask again soon
_LOCALHOST_TTL_SECONDS = 3600


class Routed(msgspec.Struct, frozen=True, tag="routed"):
    """Mail for the domain goes to `hosts`, in this order; at least one, each with at least one address."""

    site: str  # canonical: sorted lower-case MX names joined by ","
    mx_names: tuple[str, ...]  # by preference, then name; what shaping rules match
    hosts: tuple[Host, ...]
    ttl_seconds: int


class UnroutableKind(StrEnum):
    """Why there is no route."""

    NO_SUCH_DOMAIN = "no-such-domain"
    TAKES_NO_MAIL = "takes-no-mail"
    LOOPS_TO_US = "loops-to-us"
    NO_ROUTE = "no-route"
    OTHER_FAMILY = "other-family"  # its hosts have addresses only of a family that this system does not send over


class Unroutable(msgspec.Struct, frozen=True, tag="unroutable"):
    """The name system is clear: no letter can go there now."""

    status: str  # enhanced status code, class 5
    kind: UnroutableKind
    why: str  # one ASCII English sentence


class RouteUnavailable(msgspec.Struct, frozen=True, tag="unavailable"):
    """Nobody could tell; ask again."""

    why: str  # printable ASCII: what was asked, and what each server said
    kind: Trouble = Trouble.SERVER_FAILURE


RouteAnswer = Routed | Unroutable | RouteUnavailable


class _Candidate(msgspec.Struct, frozen=True):
    """An MX host after its addresses were asked for."""

    mx: MxRecord
    names: frozenset[str]  # its own, and what that is an alias of
    found: tuple[str, ...]  # every address published, preferred family first
    usable: tuple[str, ...]  # those we may connect to
    failure: Unavailable | None  # why some look-up failed
    ttl_seconds: tuple[int, ...]


async def find_route(resolver: Resolver, domain: str, own: OwnHosts, rules: AddressRules, rng: Random) -> RouteAnswer:
    """Where mail for `domain` goes. Never raises for what the name system says or fails to say."""
    try:
        name = normalise_domain(domain)
    except AddressError as error:
        return Unroutable("5.1.2", UnroutableKind.NO_SUCH_DOMAIN, f"{domain!a} is no domain: {error}")
    if not rules.families():  # our fault, and no reason to fail a letter
        return RouteUnavailable(
            "address_family allows IPv6 only, and no source has an IPv6 address", Trouble.UNREACHABLE
        )
    return await _Search(resolver, name, own, rules, rng).route()


class _Search:
    """One search for a route, with all that stays the same during it."""

    def __init__(self, resolver: Resolver, domain: str, own: OwnHosts, rules: AddressRules, rng: Random) -> None:
        self._resolver, self._domain, self._own, self._rules, self._rng = resolver, domain, own, rules, rng
        self._families = rules.families()

    async def route(self) -> RouteAnswer:
        answer = await self._resolver.mx(self._domain)
        match answer:
            case Found(records=records, ttl_seconds=ttl):
                return await self._to_hosts(best_of_each(records), ttl)
            case NoData(ttl_seconds=ttl):
                return await self._to_hosts((MxRecord(0, self._domain),), ttl)  # RFC 5321 §5.1: implicit MX
            case NoSuchName(server=server):
                told = f" (NXDOMAIN from {server})" if server else ""
                why = f"the domain {self._domain} does not exist{told}"
                return Unroutable("5.1.2", UnroutableKind.NO_SUCH_DOMAIN, why)
            case Unavailable(why=why, kind=kind):
                return RouteUnavailable(f"the MX records of {self._domain} cannot be looked up: {why}", kind)
            case _:
                assert_never(answer)

    async def _to_hosts(self, named: tuple[MxRecord, ...], ttl: int) -> RouteAnswer:
        if not named:
            why = f"the domain {self._domain} says that it takes no mail"
            return Unroutable("5.1.10", UnroutableKind.TAKES_NO_MAIL, why)
        tried = shuffled(named, self._rng)[:MAX_MX_HOSTS]
        candidates = await _all([self._candidate(mx) for mx in tried])
        before_us = self._better_than_ourselves(named, candidates)
        if not before_us:
            why = f"the best MX host of {self._domain} is this system"
            return Unroutable("5.4.6", UnroutableKind.LOOPS_TO_US, why)
        return await self._answer(tuple(record.host for record in named), before_us, ttl)

    async def _candidate(self, mx: MxRecord) -> _Candidate:
        answers: list[Answer[str]] = []
        if is_host_name(mx.host):
            answers = await _all([self._addresses(mx.host, family) for family in self._families])
        by_family = [_shuffled(answer, self._rng) for answer in answers]
        return _Candidate(
            mx,
            frozenset({mx.host, *(answer.canonical for answer in answers if isinstance(answer, Found))} - {""}),
            tuple(address for addresses in by_family for address in addresses),
            self._rules.choose(by_family) if by_family else (),
            next((answer for answer in answers if isinstance(answer, Unavailable)), None),
            tuple(answer.ttl_seconds for answer in answers if isinstance(answer, Found)),
        )

    async def _addresses(self, host: str, family: Family) -> Answer[str]:
        local = localhost_address(host, family)
        if local is not None:
            return Found((local,), _LOCALHOST_TTL_SECONDS)
        return await self._resolver.addresses(host, family)

    def _better_than_ourselves(self, named: Sequence[MxRecord], candidates: Sequence[_Candidate]) -> list[_Candidate]:
        """Without our own hosts and all of equal or worse preference, or mail would circle (RFC 5321 §5.1)."""
        ours = [record.preference for record in named if record.host in self._own.names]
        ours += [each.mx.preference for each in candidates if self._own.include(each.names, each.found)]
        return [each for each in candidates if not ours or each.mx.preference < min(ours)]

    async def _answer(self, names: tuple[str, ...], before_us: Sequence[_Candidate], ttl: int) -> RouteAnswer:
        hosts = tuple(Host(each.mx.host, each.usable) for each in before_us if each.usable)
        failure = next((each.failure for each in before_us if each.failure), None)
        if hosts:
            ttls = [ttl, *(seconds for each in before_us for seconds in each.ttl_seconds)]
            return Routed(
                ",".join(sorted(names)), names, hosts, min([*ttls, INCOMPLETE_TTL_SECONDS] if failure else ttls)
            )
        if failure is not None:
            why = f"no address of an MX host of {self._domain} can be looked up: {failure.why}"
            return RouteUnavailable(why, failure.kind)
        if (
            len(self._families) == 1
            and not any(each.found for each in before_us)
            and await self._other_family(before_us)
        ):
            family = "IPv4" if self._families[0] is Family.IPV4 else "IPv6"
            why = f"no MX host of {self._domain} has an {family} address, and this system sends over {family} only"
            return Unroutable("5.4.4", UnroutableKind.OTHER_FAMILY, why)
        return Unroutable("5.4.4", UnroutableKind.NO_ROUTE, self._why_no_address(before_us))

    async def _other_family(self, candidates: Sequence[_Candidate]) -> bool:
        """Whether some host has an address of the family that we do not send over: then nobody misspelt anything."""
        other = Family.IPV6 if self._families[0] is Family.IPV4 else Family.IPV4
        hosts = [each.mx.host for each in candidates if is_host_name(each.mx.host)]
        answers = await _all([self._addresses(host, other) for host in hosts])
        return any(isinstance(answer, Found) for answer in answers)

    def _why_no_address(self, candidates: Sequence[_Candidate]) -> str:
        domain = self._domain
        for each in candidates:
            if each.found:
                return f"the MX host {each.mx.host} of {domain} has only private addresses, such as {each.found[0]}"
            if not is_host_name(each.mx.host):
                return f"the MX record of {domain} names {each.mx.host}, which is no host name"
        return f"no MX host of {domain} has an address"


async def _all(asked: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All at once; the usual single one without a task of its own."""
    return [await asked[0]] if len(asked) == 1 else await asyncio.gather(*asked)


def _shuffled(answer: Answer[str], rng: Random) -> list[str]:
    """The addresses in random order: our cache gives them always in the same one, which would load one of them."""
    if not isinstance(answer, Found):
        return []
    return rng.sample(answer.records, len(answer.records))
