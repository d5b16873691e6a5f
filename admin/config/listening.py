"""Where the configuration listens: each address with the key that names it.

Owns   Place, the places of a configuration, and which of them are the same.
Knows  nothing of sockets.
"""

import ipaddress
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

import msgspec

from ..texts import _
from .faults import Fault
from .lines import LineIndex
from .values import Endpoint

if TYPE_CHECKING:
    from .sections import Config


class Place(msgspec.Struct, frozen=True):
    section: str
    key: str
    endpoint: Endpoint

    def __str__(self) -> str:
        return f"[{self.section}] {self.key}"


def places(config: "Config") -> list[Place]:
    """Of the listeners there are, in the order of the file."""
    found = [*_of("submission", "listen", config.submission.listen)]
    found += _of("submission", "listen_tls", config.submission.listen_tls)
    found += _of("inbound", "listen", config.inbound.listen if config.inbound else ())
    return found + list(_of("metrics", "listen", config.metrics.listen if config.metrics else ()))


def _of(section: str, key: str, endpoints: tuple[Endpoint, ...]) -> Iterator[Place]:
    return (Place(section, key, endpoint) for endpoint in endpoints)


def same_twice(config: "Config", index: LineIndex) -> list[Fault]:
    """One port of one address can be listened at once only."""
    sentence = _("listens at {address}, as {other} does already: give each a port of its own")
    return [
        Fault(
            index.line_of(later.section, 0, later.key),
            str(later),
            sentence.format(address=later.endpoint, other=earlier),
        )
        for earlier, later in combinations(places(config), 2)
        if _are_same(earlier.endpoint, later.endpoint)
    ]


def _are_same(one: Endpoint, other: Endpoint) -> bool:
    if not one.port or one.port != other.port:
        return False
    return any(_meet(mine, theirs) for mine in _addresses(one) for theirs in _addresses(other))


def _meet(one: ipaddress.IPv4Address | ipaddress.IPv6Address, other: object) -> bool:
    """An unspecified address is every address of its IP version."""
    if not isinstance(other, type(one)):
        return False
    return one == other or one.is_unspecified or other.is_unspecified


def _addresses(endpoint: Endpoint) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    hosts = ("127.0.0.1", "::1") if endpoint.host == "localhost" else (endpoint.host,)
    return [ipaddress.ip_address(host) for host in hosts]
