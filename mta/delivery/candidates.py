"""Which addresses of a site are tried, in which order.

Owns   the memory of dead addresses, and the order.
Knows  no connection. A route gives hosts best first; what is learnt here moves an address back, and takes it out only
       when the source cannot reach its family, or the site refused us over that family and has another.
RFC 5321 §5.1 (every address of every host).
"""

from collections.abc import Sequence

from ..clock import Clock
from ..outcome import Peer
from .egress import EgressSource
from .families import Family, family_of
from .host import Host

_DEAD_SECONDS = 300.0
_MAX_DEAD = 10_000


class DeadAddresses:
    """Addresses that failed within the last minutes: tried last, never left out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def remember(self, address: str) -> None:
        if len(self._until) >= _MAX_DEAD:
            del self._until[next(iter(self._until))]
        self._until[address] = self._clock.monotonic() + _DEAD_SECONDS

    def forget(self, address: str) -> None:
        self._until.pop(address, None)

    def last(self, peers: Sequence[Peer]) -> list[Peer]:
        """Those that failed lately last, else in the order given."""
        now = self._clock.monotonic()
        return sorted(peers, key=lambda peer: self._until.get(peer.address, 0.0) > now)


def reachable(hosts: Sequence[Host], source: EgressSource, avoided: Family | None) -> list[Peer]:
    """Every address that may be tried; `avoided` is left out while there is another family."""
    everyone = [Peer(host.name, address) for host in hosts for address in host.addresses if source.reaches(address)]
    others = [peer for peer in everyone if family_of(peer.address) is not avoided]
    return others or everyone


def has_family(hosts: Sequence[Host], source: EgressSource, family: Family) -> bool:
    return any(family_of(peer.address) is family for peer in reachable(hosts, source, None))
