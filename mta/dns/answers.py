"""What the name system may answer, as values, and the port that gives the answers.

Owns   `Answer[T]` = Found | NoSuchName | NoData | Unavailable, `MxRecord`, `Family`, and the port `Resolver`.
Knows  nothing of packets, servers or caches (`mta.dns.resolver`), nor of routes (`mta.dns.route`).

"There is no such name" is a fact that may fail a letter; "nobody could tell us" never is (RFC 5321 §5.1), so they are
different types and not different numbers. RFC 1035 §3.3.9 (MX), RFC 2308 §2 (the two negative answers).
"""

from enum import StrEnum
from typing import Generic, Protocol, TypeVar

import msgspec

T = TypeVar("T")


class Family(StrEnum):
    """The kind of address asked for."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"


class MxRecord(msgspec.Struct, frozen=True):
    """One MX record. `host` is lower case without trailing dot; "" is the root, the null MX (RFC 7505 §3)."""

    preference: int
    host: str


class Found(msgspec.Struct, Generic[T], frozen=True):
    """The records, at least one, good for `ttl_seconds` from now."""

    records: tuple[T, ...]
    ttl_seconds: int


class NoSuchName(msgspec.Struct, frozen=True):
    """NXDOMAIN: the name does not exist, nor anything below it."""

    ttl_seconds: int = 0


class NoData(msgspec.Struct, frozen=True):
    """The name exists, but has no record of this type."""

    ttl_seconds: int = 0


class Unavailable(msgspec.Struct, frozen=True):
    """No server gave an answer that counts: SERVFAIL, REFUSED, time-out, garbage. Always temporary."""

    why: str


Answer = Found[T] | NoSuchName | NoData | Unavailable


class Resolver(Protocol):
    """Looks names up. Never raises for anything a server or the network does."""

    async def mx(self, domain: str) -> Answer[MxRecord]:
        """The MX records of an A-label domain, in the order the server gave them; CNAMEs are followed."""
        ...

    async def addresses(self, host: str, family: Family) -> Answer[str]:
        """The A or AAAA records of a host as canonical text; CNAMEs are followed."""
        ...

    async def txt(self, name: str) -> Answer[bytes]:
        """The TXT records of a name, the strings of each record joined (RFC 7208 §3.3)."""
        ...
