"""Default limits of every (provider, source).

Owns   the numbers, each with where it came from, and of which hosts TLS is demanded; a shaping file comes before them.
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


class DefaultLimits:
    """Implements queue.limits.LimitSource: the same for all, but with TLS where the operator demands it.

    `required` and `verified` are host names; each means the MX host of that name and all below it.
    """

    def __init__(
        self, *, required: tuple[str, ...] = (), verified: tuple[str, ...] = (), limits: EgressLimits = DEFAULTS
    ) -> None:
        self._limits = limits
        self._demands = [(name, TlsLevel.VERIFIED, "verify_tls") for name in verified]
        self._demands += [(name, TlsLevel.REQUIRED, "require_tls") for name in required]

    def limits_for(self, provider: str, source: str) -> EgressLimits:
        """`provider` is a site, i.e. its MX host names joined by commas, until a file groups sites into providers."""
        hosts = [f".{host}" for host in provider.split(",")]
        for name, level, key in self._demands:
            if any(host.endswith(f".{name}") for host in hosts):
                return replace(self._limits, tls=TlsRule(level, f"[delivery] {key}: {name}"))
        return self._limits
