"""Waking: what a flush does to sites and domains that rest, beside making recipients due.

Owns   which rests end and which failed look-ups are forgotten: those in the way of what was selected, no others.
Knows  no row (queue.operations).
"""

from collections.abc import Callable

import msgspec

from .sites import Sites


class Woken(msgspec.Struct, frozen=True):
    """What a flush did besides making recipients due: as in `queue.operations.Operated`."""

    rests: int
    look_ups: int


def wake(sites: Sites, domains: frozenset[str] | None, forget_failures: Callable[[], int]) -> Woken:
    """End the rests of these domains and their sites, and forget that they could not be looked up; None: all of them.

    `forget_failures` is the resolver's, which forgets all: where only some are meant its number says nothing of them.
    """
    if domains is None:
        look_ups = forget_failures() + sites.forget_unroutable()
        return Woken(sites.wake_all(), look_ups)
    look_ups = sites.failing(domains) + sites.forget_unroutable(domains)
    if domains:
        forget_failures()
    return Woken(sites.wake(domains), look_ups)
