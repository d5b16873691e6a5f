"""Default limits of every (provider, source).

Owns   the numbers, each with where it came from; a shaping file comes to stand before them.
"""

from ..mta.delivery.egress import TlsLevel
from ..queue.limits import EgressLimits, Limit, RateLimit, TlsRule

DEFAULTS = EgressLimits(
    connections=Limit(10, "default"),
    messages_per_connection=Limit(100, "default"),
    recipients_per_transaction=Limit(100, "default"),
    message_rate=RateLimit(100, 1.0, "default"),
    connection_rate=RateLimit(100, 60.0, "default"),
    idle_seconds=Limit(60, "default"),
    tls=TlsRule(TlsLevel.OPPORTUNISTIC, "default"),
)


class DefaultLimits:
    """Implements queue.limits.LimitSource."""

    def __init__(self, limits: EgressLimits = DEFAULTS) -> None:
        self._limits = limits

    def limits_for(self, provider: str, source: str) -> EgressLimits:
        return self._limits
