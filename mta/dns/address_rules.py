"""Which addresses of a host we connect to, and in what order.

Owns   `[delivery] address_family`, the choice among a host's addresses, and their number.
Knows  nothing of hosts or routes; `reachability` knows which addresses are public.

Invariant: the other family's addresses stay behind the preferred one's, however many those are: a receiver that
refuses one address of ours is tried over the other family.
RFC 5321 §5.1 (more than one address), RFC 6761 §6.3 (localhost).
"""

from collections.abc import Sequence
from enum import StrEnum
from ipaddress import ip_address
from typing import assert_never

import msgspec

from .answers import Family
from .reachability import is_public

MAX_ADDRESSES_PER_HOST = 8
KEPT_OF_OTHER_FAMILY = 2  # of these, if the preferred family would fill all


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
        """The families to look up, preferred first; none when the rule asks for what no source has."""
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

    def choose(self, found: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """The addresses to try, from those of each family in the order of `families()`."""
        preferred, *others = ([each for each in addresses if self.may_connect(each)] for addresses in found)
        other = [address for addresses in others for address in addresses]
        kept = MAX_ADDRESSES_PER_HOST - min(len(other), KEPT_OF_OTHER_FAMILY)
        return (*preferred[:kept], *other)[:MAX_ADDRESSES_PER_HOST]

    def may_connect(self, address: str) -> bool:
        return is_public(address) or (self.allow_private and not _is_no_host(address))


def _is_no_host(address: str) -> bool:
    """0.0.0.0 would be this machine, whatever its firewall says of loopback."""
    literal = ip_address(address)
    return literal.is_unspecified or literal.is_multicast
