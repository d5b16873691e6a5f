"""Limits in force: what the rules say of a (provider, source), made smaller by what slows it now.

Owns   the value InForce, and how it is put together for a lane.
Knows  the book of suspensions and the LimitSource; no window and no lane.
"""

import msgspec

from .limits import EgressLimits, LimitSource, SiteLimits
from .slowing import slowed, slowed_sender, slowed_site
from .suspensions import Suspensions, SuspensionScope


class InForce(msgspec.Struct, frozen=True):
    """The limits of a lane now, and those of single sites and senders that are slowed."""

    limits: EgressLimits
    sites: dict[str, SiteLimits] = {}
    senders: dict[str, SiteLimits] = {}  # by sender domain; message rates only


def limits_in_force(source: LimitSource, book: Suspensions, provider: str, egress: str) -> InForce:
    """For the lane (`provider`, `egress`); asked again at a reload and when the book has changed."""
    full = source.limits_for(provider, egress)
    if not book:
        return InForce(full)
    limits = slowed(full, book.slowings(provider, egress))
    return InForce(limits, _sites(limits, book), _senders(limits, book, provider))


def _sites(limits: EgressLimits, book: Suspensions) -> dict[str, SiteLimits]:
    names = {each.subject for each in book.in_force() if each.scope is SuspensionScope.SITE and not each.stop}
    return {name: slowed_site(limits, book.slowings_of_site(name)) for name in names}


def _senders(limits: EgressLimits, book: Suspensions, provider: str) -> dict[str, SiteLimits]:
    names = {
        each.sender_domain
        for each in book.in_force()
        if each.scope is SuspensionScope.PROVIDER and each.sender_domain and each.subject == provider and not each.stop
    }
    rates = {name: slowed_sender(limits, book.slowings_of_sender(provider, name)) for name in names}
    return {name: SiteLimits(message_rates=each) for name, each in rates.items() if each}
