"""Routes: which hosts take mail for a domain, best first.

Owns   `find_route`: MX, implicit MX and null MX, own hosts, addresses we may connect to, and their order.
Knows  nothing of providers, sources or retry times: an `Unroutable` says why, its reader decides what becomes of it.

Invariants
    A time-out or SERVFAIL never makes a domain unroutable, only `RouteUnavailable`.
    `site` depends on the set of MX names alone, never on preferences, shuffling or letter case.
    No address outside `AddressRules` is ever in a route.
RFC 5321 §5.1 (order, implicit MX, own hosts), RFC 7505 §3 (null MX), RFC 3464 status codes by RFC 3463 §3.
"""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from itertools import chain, groupby
from random import Random
from typing import assert_never

import msgspec

from ..address import AddressError, normalise_domain
from ..delivery.host import Host
from .answers import Answer, Family, Found, MxRecord, NoData, NoSuchName, Resolver, Unavailable
from .reachability import is_public

MAX_MX_HOSTS = 20  # the best ones; a longer list is a mistake or an attack on our resolver
MAX_ADDRESSES_PER_HOST = 8
UNAVAILABLE_RETRY_SECONDS = 300
INCOMPLETE_TTL_SECONDS = 60  # some host's addresses could not be had: ask again soon


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


class Unroutable(msgspec.Struct, frozen=True, tag="unroutable"):
    """The name system is clear: no letter can go there now."""

    status: str  # enhanced status code, class 5
    kind: UnroutableKind
    why: str  # one ASCII English sentence


class RouteUnavailable(msgspec.Struct, frozen=True, tag="unavailable"):
    """Nobody could tell; ask again."""

    why: str
    retry_after_seconds: int = UNAVAILABLE_RETRY_SECONDS


RouteAnswer = Routed | Unroutable | RouteUnavailable


class FamilyRule(StrEnum):
    """`[delivery] address_family`."""

    PREFER_IPV4 = "prefer_ipv4"
    PREFER_IPV6 = "prefer_ipv6"
    IPV4 = "ipv4"
    IPV6 = "ipv6"


class AddressRules(msgspec.Struct, frozen=True):
    """Which addresses may be connected to. `ipv6_usable`: the source has a global IPv6 address."""

    family: FamilyRule = FamilyRule.PREFER_IPV4
    ipv6_usable: bool = False
    allow_private: bool = False

    def families(self) -> tuple[Family, ...]:
        """The families to look up, preferred first."""
        match self.family:
            case FamilyRule.PREFER_IPV4:
                wanted = (Family.IPV4, Family.IPV6)
            case FamilyRule.PREFER_IPV6:
                wanted = (Family.IPV6, Family.IPV4)
            case FamilyRule.IPV4:
                wanted = (Family.IPV4,)
            case FamilyRule.IPV6:
                wanted = (Family.IPV6,)
            case _:
                assert_never(self.family)
        return tuple(family for family in wanted if family is Family.IPV4 or self.ipv6_usable)


class OwnHosts(msgspec.Struct, frozen=True):
    """What is ourselves: MX names, and addresses where *the delivery port* is our inbound listener's."""

    names: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()


def own_hosts(hostname: str, inbound: Sequence[tuple[str, int]], delivery_port: int) -> OwnHosts:
    """Ourselves, from configuration; a listener on another port than the delivery port is not an MX of anybody."""
    addresses = frozenset(address for address, port in inbound if port == delivery_port)
    return OwnHosts(frozenset({hostname.lower().rstrip(".")} - {""}), addresses)


class _Candidate(msgspec.Struct, frozen=True):
    """An MX host after its addresses were asked for."""

    mx: MxRecord
    found: tuple[str, ...]  # every address published, preferred family first
    usable: tuple[str, ...]  # those we may connect to
    unavailable: str  # why some look-up failed, or ""
    ttl_seconds: int | None


async def find_route(resolver: Resolver, domain: str, own: OwnHosts, rules: AddressRules, rng: Random) -> RouteAnswer:
    """Where mail for `domain` goes. Never raises for what the name system says or fails to say."""
    try:
        name = normalise_domain(domain)
    except AddressError as error:
        return Unroutable("5.1.2", UnroutableKind.NO_SUCH_DOMAIN, f"{domain!a} is no domain: {error}")
    return await _Search(resolver, name, own, rules, rng).route()


class _Search:
    """One search for a route, with all that stays the same during it."""

    def __init__(self, resolver: Resolver, domain: str, own: OwnHosts, rules: AddressRules, rng: Random) -> None:
        self._resolver, self._domain, self._own, self._rules, self._rng = resolver, domain, own, rules, rng

    async def route(self) -> RouteAnswer:
        answer = await self._resolver.mx(self._domain)
        match answer:
            case Found(records=records, ttl_seconds=ttl):
                return await self._to_hosts(_best_of_each(records), ttl)
            case NoData():
                return await self._to_hosts((MxRecord(0, self._domain),), None)  # RFC 5321 §5.1: implicit MX
            case NoSuchName():
                why = f"the domain {self._domain} does not exist"
                return Unroutable("5.1.2", UnroutableKind.NO_SUCH_DOMAIN, why)
            case Unavailable(why=why):
                return RouteUnavailable(f"the MX records of {self._domain} cannot be looked up: {why}")
            case _:
                assert_never(answer)

    async def _to_hosts(self, named: tuple[MxRecord, ...], ttl: int | None) -> RouteAnswer:
        if not named:
            why = f"the domain {self._domain} says that it takes no mail"
            return Unroutable("5.1.10", UnroutableKind.TAKES_NO_MAIL, why)
        candidates = await asyncio.gather(*map(self._candidate, named[:MAX_MX_HOSTS]))
        before_us = _better_than_ourselves(candidates, self._own)
        if not before_us:
            why = f"the best MX host of {self._domain} is this system"
            return Unroutable("5.4.6", UnroutableKind.LOOPS_TO_US, why)
        return self._answer(tuple(record.host for record in named), before_us, ttl)

    async def _candidate(self, mx: MxRecord) -> _Candidate:
        look_ups = (self._resolver.addresses(mx.host, family) for family in self._rules.families())
        answers = await asyncio.gather(*look_ups)
        found = tuple(chain.from_iterable(_shuffled(answer, self._rng) for answer in answers))
        usable = tuple(address for address in found if self._rules.allow_private or is_public(address))
        unavailable = next((answer.why for answer in answers if isinstance(answer, Unavailable)), "")
        ttl = min((answer.ttl_seconds for answer in answers if isinstance(answer, Found)), default=None)
        return _Candidate(mx, found, usable[:MAX_ADDRESSES_PER_HOST], unavailable, ttl)

    def _answer(self, names: tuple[str, ...], before_us: Sequence[_Candidate], ttl: int | None) -> RouteAnswer:
        hosts = _in_order(before_us, self._rng)
        failed = next((each.unavailable for each in before_us if each.unavailable), "")
        if hosts:
            ttls = [ttl, INCOMPLETE_TTL_SECONDS if failed else None, *(each.ttl_seconds for each in before_us)]
            return Routed(",".join(sorted(names)), names, hosts, min(known for known in ttls if known is not None))
        if failed:
            return RouteUnavailable(f"no address of an MX host of {self._domain} can be looked up: {failed}")
        return Unroutable("5.4.4", UnroutableKind.NO_ROUTE, _why_no_address(self._domain, before_us))


def _best_of_each(records: Sequence[MxRecord]) -> tuple[MxRecord, ...]:
    """Each host once, at its best preference, in order; a "." beside real hosts is no null MX and is dropped."""
    best: dict[str, int] = {}
    for record in records:
        host = record.host.lower().rstrip(".")
        if host and record.preference <= best.get(host, record.preference):
            best[host] = record.preference
    return tuple(MxRecord(preference, host) for preference, host in sorted((p, h) for h, p in best.items()))


def _shuffled(answer: Answer[str], rng: Random) -> list[str]:
    """The addresses in random order: our cache gives them always in the same one, which would load one of them."""
    if not isinstance(answer, Found):
        return []
    return rng.sample(answer.records, len(answer.records))


def _better_than_ourselves(candidates: Sequence[_Candidate], own: OwnHosts) -> list[_Candidate]:
    """Without our own hosts and all of equal or worse preference, or mail would circle (RFC 5321 §5.1)."""
    ours = [each.mx.preference for each in candidates if _is_own(each, own)]
    return [each for each in candidates if not ours or each.mx.preference < min(ours)]


def _is_own(candidate: _Candidate, own: OwnHosts) -> bool:
    return candidate.mx.host in own.names or not own.addresses.isdisjoint(candidate.found)


def _in_order(candidates: Sequence[_Candidate], rng: Random) -> tuple[Host, ...]:
    """By preference, shuffled inside one preference (RFC 5321 §5.1), hosts without a usable address left out."""
    hosts: list[Host] = []
    for _, equals in groupby(candidates, key=lambda each: each.mx.preference):
        group = [Host(each.mx.host, each.usable) for each in equals if each.usable]
        hosts += rng.sample(group, len(group))
    return tuple(hosts)


def _why_no_address(domain: str, candidates: Sequence[_Candidate]) -> str:
    private = next((each for each in candidates if each.found), None)
    if private is None:
        return f"no MX host of {domain} has an address"
    return f"the MX host {private.mx.host} of {domain} has only private addresses, such as {private.found[0]}"
