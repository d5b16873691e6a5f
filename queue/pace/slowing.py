"""Slowing: smaller limits for a time, computed from the full ones and from what slows them.

Owns   `slowed` and its two smaller sisters for one site and one sender, all pure.
Knows  no lane and no clock: who asks gives the slowings in force, and asks again when they change.

Invariants
    A slowed limit is never larger than the full one. Several slowings combine: of each number the smallest counts.
    Nothing is slowed to nothing: one event a window and one connection are left. A share that would leave less than
    one event makes the window longer instead: 1 % of 10 a second is 1 in 10 seconds.
    A number that a slowing made smaller says whose slowing it was.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from ..limits import EgressLimits, Limit, RateLimit, SiteLimits
from .suspensions import Suspension


def slowed(limits: EgressLimits, slowings: Sequence[Suspension]) -> EgressLimits:
    """The limits in force while these slowings of a (provider, source) last."""
    if not slowings:
        return limits
    return replace(
        limits,
        connections=_connections(limits.connections, slowings),
        message_rates=_message_rates(limits.message_rates, slowings),
        connection_rates=tuple(_shared(rate, slowings) for rate in limits.connection_rates),
    )


def slowed_site(limits: EgressLimits, slowings: Sequence[Suspension]) -> SiteLimits:
    """The limits of one site while it is slowed: what is a share, is one of the site's own number, else the lane's."""
    if not slowings:
        return limits.site
    site = limits.site
    connections = _connections(site.connections or limits.connections, slowings)
    rates = _message_rates(site.message_rates or limits.message_rates, slowings)
    return SiteLimits(
        site.connections if connections is limits.connections else connections,
        rates if _changes_rates(slowings) else site.message_rates,
    )


def slowed_sender(limits: EgressLimits, slowings: Sequence[Suspension]) -> tuple[RateLimit, ...]:
    """The rates of one sender's mail in a lane while it is slowed; () while it is not."""
    return _message_rates(limits.message_rates, slowings) if slowings else ()


def because(slowing: Suspension) -> str:
    """The place that set a slowed limit, as limits say it: the rule or the operator, and until when."""
    who = slowing.rule or f"operator {slowing.who}".rstrip()
    if slowing.until_ms is None:
        return f"{who}, until resumed (suspension {slowing.id})"
    until = datetime.fromtimestamp(slowing.until_ms / 1000, UTC)
    return f"{who}, until {until:%Y-%m-%d %H:%M:%SZ} (suspension {slowing.id})"


def _connections(limit: Limit, slowings: Iterable[Suspension]) -> Limit:
    smallest = limit
    for slowing in slowings:
        value = max(1, math.floor(limit.value * slowing.share))
        if slowing.connections:
            value = min(value, slowing.connections)
        if value < smallest.value:
            smallest = Limit(value, because(slowing))
    return smallest


def _message_rates(rates: Iterable[RateLimit], slowings: Sequence[Suspension]) -> tuple[RateLimit, ...]:
    """The shares, and every rate that a slowing gives beside them; of two for one length of time the smaller."""
    shares = [_shared(rate, slowings) for rate in rates]
    given = [_given(slowing, slowing.message_rate) for slowing in slowings if slowing.message_rate is not None]
    smallest: dict[float, RateLimit] = {}
    for rate in (*shares, *given):
        before = smallest.get(rate.seconds)
        if before is None or rate.count < before.count:
            smallest[rate.seconds] = rate
    return tuple(smallest.values())


def _given(slowing: Suspension, rate: RateLimit) -> RateLimit:
    return RateLimit(rate.count, rate.seconds, because(slowing))


def _changes_rates(slowings: Iterable[Suspension]) -> bool:
    return any(each.share < 1.0 or each.message_rate is not None for each in slowings)


def _shared(rate: RateLimit, slowings: Iterable[Suspension]) -> RateLimit:
    slowing = min(slowings, key=lambda each: each.share)
    if slowing.share >= 1.0:
        return rate
    left = rate.count * slowing.share
    if left >= 1.0:
        return RateLimit(math.floor(left), rate.seconds, because(slowing))
    return RateLimit(1, rate.seconds / left, because(slowing))
