"""Waking: what a flush does to sites and domains that rest, beside making recipients due.

Owns   which rests end and which failed look-ups are forgotten: those in the way of what was selected, no others.
Knows  no row (queue.operators.operations).
"""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from ..sites import Sites
from .operations import Operated
from .orders import Order
from .selections import Selection


class Woken(msgspec.Struct, frozen=True):
    """What a flush did besides making recipients due: as in `queue.operators.operations.Operated`."""

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


class Waking:
    """One flush: what rests in the way of the letters it meets is woken, page by page."""

    def __init__(self, sites: Sites, forget_failures: Callable[[], int], order: Order) -> None:
        self._sites, self._forget_failures, self._order = sites, forget_failures, order
        self._rests = self._look_ups = 0

    def met(self, domains: frozenset[str]) -> None:
        """The domains of a page."""
        if domains and self._order.selection != Selection():
            self._add(wake(self._sites, domains, self._forget_failures))

    def done(self, result: Operated) -> Operated:
        """The flush has come to its end: its result with what was woken."""
        if self._order.selection == Selection():
            self._add(wake(self._sites, None, self._forget_failures))
        return replace(result, rests=self._rests, look_ups=self._look_ups)

    def _add(self, woken: Woken) -> None:
        self._rests += woken.rests
        self._look_ups += woken.look_ups
