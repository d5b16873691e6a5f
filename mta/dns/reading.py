"""What a message says about a question: from octets to an `Answer`.

Owns   following CNAMEs inside one message, the TTL of positive and negative answers, and which answers do not count.
Knows  nothing of servers or caches.

Invariant: any octets give an answer; what does not follow from the question is never in it.
RFC 1034 §3.6.2 (CNAME), RFC 2308 §2, §5 (negative answers and their TTL), RFC 6604 §2 (rcode after a CNAME),
RFC 8914 §4 (extended errors).
"""

from typing import TypeVar

import msgspec

from . import extended_errors
from .answers import Answer, Found, NoData, NoSuchName, Trouble, Unavailable
from .message import CLASS_IN, Rcode, ResourceRecord, Response, parse_response
from .names import MalformedError
from .records import CNAME, NS, SOA, RecordKind, name_value, soa_minimum_seconds

T = TypeVar("T")
_NO_SOA_TTL_SECONDS = 60  # a negative answer without SOA says nothing about its life: keep it shortly
_LARGEST_TTL = 0x7FFF_FFFF
MAX_ALIASES_INSIDE = 16  # resolvers follow about as many; each costs a pass over the records


class Alias(msgspec.Struct, frozen=True):
    """The name is another name's alias, and the message does not say what is there."""

    target: str
    ttl_seconds: int


class _Chain(msgspec.Struct, frozen=True):
    """Where the aliases inside the message lead."""

    name: str
    ttl_seconds: int


def read(octets: bytes, name: str, kind: RecordKind[T]) -> Answer[T] | Alias:
    """The answer to "what are the records of this kind, of this name?"; `name` in its one form."""
    try:
        response = parse_response(octets)
        return _trouble(response) or _told(response, name, kind)
    except MalformedError as error:
        return Unavailable(f"{error}", Trouble.MALFORMED)


def _told(response: Response, name: str, kind: RecordKind[T]) -> Answer[T] | Alias:
    chain = _chain(response, name, kind.number)
    if chain is None:
        return Unavailable(f"the aliases of {name} lead in a circle or do not end", Trouble.ALIAS_LOOP)
    own = _of(response.answers, chain.name, kind.number)
    if own and response.rcode == Rcode.NXDOMAIN:
        raise MalformedError("NXDOMAIN with records")
    if own:
        values = dict.fromkeys(kind.read(response.octets, record.start, record.end) for record in own)
        ttl = min(chain.ttl_seconds, *(_ttl(record) for record in own))
        return Found(tuple(values), ttl, chain.name if chain.name != name else "")
    return _nothing(response, name, chain)


def _nothing(response: Response, name: str, chain: _Chain) -> NoSuchName | NoData | Alias | Unavailable:
    negative_ttl = _negative_ttl(response, chain.name)
    ttl = min(chain.ttl_seconds, _NO_SOA_TTL_SECONDS if negative_ttl is None else negative_ttl)
    if response.rcode == Rcode.NXDOMAIN:
        return NoSuchName(ttl)
    if negative_ttl is None and chain.name != name:
        return Alias(chain.name, chain.ttl_seconds)
    referral = any(record.rdtype == NS for record in response.authority)
    if negative_ttl is None and referral and not response.recursion_available:
        return Unavailable("a referral: it does not look names up for us", Trouble.LAME)
    return NoData(ttl)


def _chain(response: Response, name: str, rdtype: int) -> _Chain | None:
    """None when the aliases go in a circle or do not end soon."""
    seen = {name}
    ttl = _LARGEST_TTL
    while not _of(response.answers, name, rdtype) and (alias := _of(response.answers, name, CNAME)):
        name = name_value(response.octets, alias[0].start, alias[0].end)
        ttl = min(ttl, _ttl(alias[0]))
        if name in seen or len(seen) > MAX_ALIASES_INSIDE:
            return None
        seen.add(name)
    return _Chain(name, ttl)


def _of(records: list[ResourceRecord], owner: str, rdtype: int) -> list[ResourceRecord]:
    return [each for each in records if each.rdtype == rdtype and each.owner == owner and each.rdclass == CLASS_IN]


def _ttl(record: ResourceRecord) -> int:
    return record.ttl_seconds if record.ttl_seconds <= _LARGEST_TTL else 0  # RFC 2181 §8


def _negative_ttl(response: Response, name: str) -> int | None:
    """The life of "there is none"; None without the SOA record of a zone that the name can be in."""
    for record in response.authority:
        if record.rdtype == SOA and f".{name}".endswith(f".{record.owner}" if record.owner else ""):
            return min(_ttl(record), soa_minimum_seconds(response.octets, record.start, record.end))
    return None


def _trouble(response: Response) -> Unavailable | None:
    """Why the answer does not count; None when it does."""
    errors, rcode = response.errors, response.rcode
    kind = _rcode_trouble(rcode)
    if kind is Trouble.SERVER_FAILURE and extended_errors.has_any(errors, extended_errors.BOGUS):
        kind = Trouble.BOGUS
    elif extended_errors.has_any(errors, extended_errors.BLOCKED):
        kind = Trouble.BLOCKED
    elif rcode == Rcode.NXDOMAIN and extended_errors.has_any(errors, frozenset({extended_errors.STALE_NXDOMAIN})):
        kind = Trouble.SERVER_FAILURE
    if kind is None:
        return None
    words = extended_errors.in_words(errors)
    return Unavailable(f"{_rcode_name(rcode)} ({words})" if words else _rcode_name(rcode), kind)


def _rcode_trouble(rcode: int) -> Trouble | None:
    match rcode:
        case Rcode.NOERROR | Rcode.NXDOMAIN:
            return None
        case Rcode.SERVFAIL:
            return Trouble.SERVER_FAILURE
        case _:
            return Trouble.REFUSED


def _rcode_name(rcode: int) -> str:
    return Rcode(rcode).name if rcode in set(Rcode) else f"rcode {rcode}"
