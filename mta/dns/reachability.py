"""Which addresses belong to the public internet.

Owns   one question: may mail for a stranger's domain be sent to this address? A DNS record is written by anybody, so
       a private address in it would let strangers speak to machines behind us.
Knows  nothing of the operator's exceptions (`AddressRules.allow_private`).
RFC 4291 §2.5.5 (IPv4 inside IPv6), RFC 6052 §2.1 (NAT64), RFC 3056 §2 (6to4).
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")  # RFC 8215 §3
_IPV4_COMPATIBLE = IPv6Network("::/96")
_RELAY_ANYCAST = IPv4Network("192.88.99.0/24")  # 6to4 relays, withdrawn by RFC 7526 §6


@lru_cache(maxsize=10_000)
def is_public(address: str) -> bool:
    """True for a global unicast address, judged by the IPv4 address inside it if there is one; False for nonsense."""
    try:
        inner = _unwrapped(ip_address(address))
    except ValueError:
        return False
    if inner.is_multicast or not inner.is_global:
        return False
    if isinstance(inner, IPv4Address):
        return inner not in _RELAY_ANYCAST
    return not inner.is_site_local and inner not in _NAT64_LOCAL


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or address in _IPV4_COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
