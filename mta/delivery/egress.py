"""The near end of outbound connections: where they come from, how many there may be, and how private they must be.

Owns   the values EgressSource, LaneLimits and TlsLevel.
Knows  no rule and no rate: rates are permits, asked for through `LaneEvents`.
"""

from enum import StrEnum

import msgspec

from .families import Family, family_of, is_ipv6_usable_for


class TlsLevel(StrEnum):
    """What a rule asks of the way to a host."""

    OPPORTUNISTIC = "opportunistic"  # TLS where it works, else in the clear (RFC 7435)
    REQUIRED = "required"  # TLS with any certificate, or no mail to this host
    VERIFIED = "required-verified"  # and the certificate is valid for the MX host's name


class EgressSource(msgspec.Struct, frozen=True):
    """The local address connections are made from ("" = the kernel chooses) and the name said in EHLO.

    `address` may be of either family; `address6` is IPv6, and `ehlo6` the name its reverse DNS gives ("" = `ehlo`).
    """

    address: str
    ehlo: str
    address6: str = ""
    ehlo6: str = ""

    def local_for(self, remote: str) -> str:
        """The local address for a connection to `remote`; "" lets the kernel choose."""
        return self._ipv6 if family_of(remote) is Family.IPV6 else self._ipv4

    def ehlo_for(self, remote: str) -> str:
        return (self.ehlo6 or self.ehlo) if family_of(remote) is Family.IPV6 else self.ehlo

    def reaches(self, remote: str) -> bool:
        """Whether this source has an address of that family; IPv6 only from a global address, or one configured."""
        if self.address or self.address6:
            return bool(self.local_for(remote))
        return family_of(remote) is Family.IPV4 or is_ipv6_usable_for(remote)

    @property
    def _ipv4(self) -> str:
        return "" if ":" in self.address else self.address

    @property
    def _ipv6(self) -> str:
        return self.address6 or (self.address if ":" in self.address else "")


class LaneLimits(msgspec.Struct, frozen=True, array_like=True):
    """What bounds a lane; may be replaced while it runs (`Lane.limits = …; Lane.wake()`)."""

    max_connections: int = 10  # over all sites of the lane; counted until the socket is closed
    messages_per_connection: int = 100  # MAIL commands
    idle_seconds: float = 5.0  # how long a connection without work is kept
    tls: TlsLevel = TlsLevel.OPPORTUNISTIC
    max_connections_per_site: int = 0  # 0: as many as the lane may have
    site_connections: dict[str, int] = {}  # of single sites that differ
    reserved_connections: int = 0  # that only urgent jobs may use

    def connections_of(self, site: str) -> int:
        """How many connections the site may have, those being opened included."""
        most = self.site_connections.get(site, self.max_connections_per_site)
        return min(most, self.max_connections) if most else self.max_connections
