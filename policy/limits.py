"""Default limits of every (provider, source), and of which hosts the operator demands TLS.

Owns   the numbers that hold where no shaping file says another, and the demands of [delivery]: they come before
       what a shaping file says.
Knows  no file.
"""

from msgspec.structs import replace

from ..mta.delivery.egress import TlsLevel
from ..queue.limits import EgressLimits, Limit, RateLimit, TlsRule

DEFAULTS = EgressLimits(
    connections=Limit(10, "default"),
    messages_per_connection=Limit(100, "default"),
    recipients_per_transaction=Limit(100, "default"),
    message_rates=(RateLimit(100, 1.0, "default"),),
    connection_rates=(RateLimit(100, 60.0, "default"),),
    idle_seconds=Limit(60, "default"),
    tls=TlsRule(TlsLevel.OPPORTUNISTIC, "default"),
)


class TlsDemands:
    """`required` and `verified` are host names; each means the MX host of that name and all below it."""

    def __init__(self, required: tuple[str, ...] = (), verified: tuple[str, ...] = ()) -> None:
        self._demands = [(name, TlsRule(TlsLevel.VERIFIED, f"[delivery] verify_tls: {name}")) for name in verified]
        self._demands += [(name, TlsRule(TlsLevel.REQUIRED, f"[delivery] require_tls: {name}")) for name in required]

    def of_hosts(self, hosts: tuple[str, ...] | list[str]) -> TlsRule | None:
        """The strictest demand on any of them."""
        dotted = [f".{host}" for host in hosts]
        for name, rule in self._demands:
            if any(host.endswith(f".{name}") for host in dotted):
                return rule
        return None

    def of_suffixes(self, suffixes: tuple[str, ...]) -> TlsRule | None:
        """The strictest demand on any host that may be below these: a provider's hosts share connections, so a demand
        on some of them is one on all."""
        for name, rule in self._demands:
            if any(f".{name}".endswith(f".{suffix}") or f".{suffix}".endswith(f".{name}") for suffix in suffixes):
                return rule
        return None


class DefaultLimits:
    """Implements queue.limits.LimitSource: the same for every site, but with TLS where the operator demands it."""

    def __init__(self, demands: TlsDemands, limits: EgressLimits = DEFAULTS) -> None:
        self._limits, self._demands = limits, demands

    def limits_for(self, provider: str, source: str) -> EgressLimits:
        """`provider` is a site, i.e. its MX host names joined by commas."""
        return with_demand(self._limits, self._demands.of_hosts(provider.split(",")))


def with_demand(limits: EgressLimits, demand: TlsRule | None) -> EgressLimits:
    """The limits with the stricter of both rules."""
    if demand is None or _STRICTNESS[limits.tls.level] > _STRICTNESS[demand.level]:
        return limits
    return replace(limits, tls=demand)


def meets(limits: EgressLimits, demand: TlsRule | None) -> bool:
    """Whether the limits are as strict as the demand already."""
    return demand is None or _STRICTNESS[limits.tls.level] >= _STRICTNESS[demand.level]


_STRICTNESS = {TlsLevel.OPPORTUNISTIC: 0, TlsLevel.REQUIRED: 1, TlsLevel.VERIFIED: 2}
