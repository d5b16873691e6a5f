"""Limits of a (provider, source): the numbers, and where each came from.

Owns   the values Limit and EgressLimits, and the port LimitSource. The windows that count live in queue.pace.permits.
Knows  no rule file.
Q4     n per t means: in no sliding window of length t more than n MAIL commands (or connects).
"""

from typing import Protocol

import msgspec

from ..mta.delivery.egress import TlsLevel


class Limit(msgspec.Struct, frozen=True):
    """A number and the place that set it, e.g. Limit(5, "shaping.toml [provider.google]")."""

    value: int
    because: str


class RateLimit(msgspec.Struct, frozen=True):
    """At most `count` events in any window of `seconds`."""

    count: int
    seconds: float
    because: str


class TlsRule(msgspec.Struct, frozen=True):
    """How private the way to a provider's hosts must be."""

    level: TlsLevel
    because: str


class SiteLimits(msgspec.Struct, frozen=True):
    """What bounds one site within its provider, besides the provider's own limits."""

    connections: Limit | None = None
    message_rates: tuple[RateLimit, ...] = ()


class EgressLimits(msgspec.Struct, frozen=True):
    """Everything that bounds the traffic of one (provider, source). All rates of a tuple hold at once."""

    connections: Limit
    messages_per_connection: Limit
    recipients_per_transaction: Limit
    message_rates: tuple[RateLimit, ...]
    connection_rates: tuple[RateLimit, ...]
    idle_seconds: Limit
    tls: TlsRule = TlsRule(TlsLevel.OPPORTUNISTIC, "default")
    reserved_percent: Limit = Limit(10, "default")  # of connections and rates, for people and transactional mail (B6)
    site: SiteLimits = SiteLimits()


class LimitSource(Protocol):
    """What tempo does this provider tolerate from this source?"""

    def limits_for(self, provider: str, source: str) -> EgressLimits: ...
