"""Limits in force: what the rules say of a (provider, source), made smaller by what slows it now.

Owns   the value InForce, and how it is put together for a lane.
Knows  the book of suspensions and the LimitSource; no window and no lane.
"""

from collections.abc import Iterable

import msgspec

from ..limits import EgressLimits, LimitSource, SiteLimits
from .slowing import slowed, slowed_sender, slowed_site
from .suspensions import Suspensions, SuspensionScope


class InForce(msgspec.Struct, frozen=True):
    """The limits of a lane now, and those of single sites and senders that are slowed."""

    limits: EgressLimits
    sites: dict[str, SiteLimits] = {}
    senders: dict[str, SiteLimits] = {}  # by sender domain; message rates only


class Slowed(msgspec.Struct, frozen=True):
    """Which sites, and which senders by provider, are slowed now: read off the book once for all lanes."""

    sites: frozenset[str] = frozenset()
    senders: dict[str, set[str]] = {}


def slowed_now(book: Suspensions) -> Slowed:
    """What of single sites and senders the book slows."""
    if not book:
        return Slowed()
    slowings = [each for each in book.in_force() if not each.stop]
    senders: dict[str, set[str]] = {}
    for each in slowings:
        if each.scope is SuspensionScope.PROVIDER and each.sender_domain:
            senders.setdefault(each.subject, set()).add(each.sender_domain)
    return Slowed(frozenset(each.subject for each in slowings if each.scope is SuspensionScope.SITE), senders)


def limits_in_force(source: LimitSource, book: Suspensions, now: Slowed, provider: str, egress: str) -> InForce:
    """For the lane (`provider`, `egress`); asked again at a reload and when the book has changed."""
    full = source.limits_for(provider, egress)
    if not book:
        return InForce(full)
    limits = slowed(full, book.slowings(provider, egress))
    sites = {name: slowed_site(limits, book.slowings_of_site(name)) for name in now.sites}
    return InForce(limits, sites, _senders(limits, book, provider, now.senders.get(provider, ())))


def _senders(limits: EgressLimits, book: Suspensions, provider: str, names: Iterable[str]) -> dict[str, SiteLimits]:
    rates = {name: slowed_sender(limits, book.slowings_of_sender(provider, name)) for name in names}
    return {name: SiteLimits(message_rates=each) for name, each in rates.items() if each}
