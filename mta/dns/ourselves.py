"""Which MX hosts are ourselves: mail sent there would come back to us.

Owns   `OwnHosts`: our name, and the addresses where *the delivery port* is our inbound listener's.
Knows  nothing of preferences (`mta.dns.route` removes equal and worse ones) or of how mail to ourselves is taken in.
RFC 5321 §5.1 (a relay that is in the list of MX hosts), §6.3 (loops).
"""

import socket
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

import msgspec

_ANY = frozenset({"0.0.0.0", "::"})
_DISCARD_PORT = 9


class OwnHosts(msgspec.Struct, frozen=True):
    """What is ourselves. `any_local`: the listener takes every address of this machine."""

    names: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    any_local: bool = False

    def include(self, names: Iterable[str], addresses: Iterable[str]) -> bool:
        """Whether a host of these names (its own, and what it is an alias of) and addresses is ourselves."""
        return not self.names.isdisjoint(names) or any(map(self._is_ours, addresses))

    def _is_ours(self, address: str) -> bool:
        return address in self.addresses or (self.any_local and is_of_this_machine(address))


def own_hosts(hostname: str, inbound: Sequence[tuple[str, int]], delivery_port: int) -> OwnHosts:
    """Ourselves, from configuration; a listener on another port than the delivery port is not an MX of anybody."""
    addresses = frozenset(address for address, port in inbound if port == delivery_port)
    names = frozenset({hostname.lower().rstrip(".")} - {""})
    return OwnHosts(names, addresses - _ANY, not addresses.isdisjoint(_ANY))


def is_of_this_machine(address: str) -> bool:
    """Whether the kernel would keep packets to it: it answers them from the same address. Sends nothing.

    Binding to the address is no test: with ip_nonlocal_bind that works for every address of the world.
    """
    literal = ip_address(address)
    if literal.is_loopback:
        return True
    family = socket.AF_INET if literal.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, _DISCARD_PORT))
            own: str = probe.getsockname()[0]
    except OSError:
        return False
    return own == address
