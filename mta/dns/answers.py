"""What the name system may answer, as values, and the port that gives the answers.

Owns   `Answer[T]` = Found | NoSuchName | NoData | Unavailable, `Trouble`, `MxRecord`, `Family`, the port `Resolver`.
Knows  nothing of packets, servers or caches (`mta.dns.resolver`), nor of routes (`mta.dns.route`).

"There is no such name" is a fact that may fail a letter; "nobody could tell us" never is (RFC 5321 §5.1), so they are
different types and not different numbers. Every answer says which server gave it (`server`, "address:port"; "" when
nobody was asked), so that people can be told.
RFC 1035 §3.3.9 (MX), RFC 2308 §2 (the two negative answers), RFC 8914 §4 (why a server failed).
"""

from enum import StrEnum
from typing import Generic, Protocol, TypeVar

import msgspec

T = TypeVar("T")


class Family(StrEnum):
    """The kind of address asked for."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"


class Trouble(StrEnum):
    """Why there is no answer; the one that says most about the name comes first."""

    BOGUS = "bogus"  # a validating server found a wrong signature (RFC 4035 §5.5)
    BLOCKED = "blocked"  # a server's own policy replaced the answer: its word is not the domain's
    SERVER_FAILURE = "servfail"
    ALIAS_LOOP = "alias-loop"  # CNAMEs in a circle, or too many of them
    REFUSED = "refused"
    LAME = "lame"  # a referral: the server does not look names up for us
    MALFORMED = "malformed"
    TIMEOUT = "time-out"
    UNREACHABLE = "unreachable"


class MxRecord(msgspec.Struct, frozen=True):
    """One MX record. `host` is lower case without trailing dot; "" is the root, the null MX (RFC 7505 §3)."""

    preference: int
    host: str


class Found(msgspec.Struct, Generic[T], frozen=True):
    """The records, at least one, good for `ttl_seconds` from now; `canonical` when the name is an alias of another."""

    records: tuple[T, ...]
    ttl_seconds: int
    canonical: str = ""
    server: str = ""


class NoSuchName(msgspec.Struct, frozen=True):
    """NXDOMAIN: the name does not exist, nor anything below it."""

    ttl_seconds: int = 0
    server: str = ""


class NoData(msgspec.Struct, frozen=True):
    """The name exists, but has no record of this type."""

    ttl_seconds: int = 0
    server: str = ""


class Unavailable(msgspec.Struct, frozen=True):
    """No server gave an answer that counts. Always temporary. `why`: printable ASCII, what each server said."""

    why: str
    kind: Trouble = Trouble.SERVER_FAILURE
    server: str = ""  # the one that said `kind`


Answer = Found[T] | NoSuchName | NoData | Unavailable


class Resolver(Protocol):
    """Looks names up. Never raises for anything a server or the network does."""

    async def mx(self, domain: str) -> Answer[MxRecord]:
        """The MX records of a domain, in the order the server gave them; CNAMEs are followed, host names A-labels."""
        ...

    async def addresses(self, host: str, family: Family) -> Answer[str]:
        """The A or AAAA records of a host as canonical text; CNAMEs are followed."""
        ...

    async def txt(self, name: str) -> Answer[bytes]:
        """The TXT records of a name, the strings of each record joined (RFC 7208 §3.3)."""
        ...
