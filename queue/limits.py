"""Limits of a (provider, source): the numbers, and where each came from.

Owns   the values Limit and EgressLimits, and the port LimitSource. The windows that count live in queue.permits.
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


class EgressLimits(msgspec.Struct, frozen=True):
    """Everything that bounds the traffic of one (provider, source)."""

    connections: Limit
    messages_per_connection: Limit
    recipients_per_transaction: Limit
    message_rate: RateLimit
    connection_rate: RateLimit
    idle_seconds: Limit
    tls: TlsRule = TlsRule(TlsLevel.OPPORTUNISTIC, "default")


class LimitSource(Protocol):
    """What tempo does this provider tolerate from this source?"""

    def limits_for(self, provider: str, source: str) -> EgressLimits: ...
