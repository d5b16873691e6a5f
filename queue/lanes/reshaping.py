"""Reshaping: a running queue follows changed shaping rules.

Owns   what happens to lanes when a reload names another provider for a site, and when their limits change.
Knows  no rule: it asks RouteSource (through Sites) and LimitSource (through Leasing) anew.

A site that belongs to another provider now leaves its old lanes: ready transactions are only scheduled rows and are
loaded anew, what is in flight finishes where it is. The new lane begins when the old one's worker has closed its
sockets, and then counts everything that the old one sent lately, of all its sites (it does not know whose MAIL was
whose; for a site that was its own provider that is exact). So no window and no count of connections is exceeded at the
receiver, whatever the names are; at worst the new lane begins slowly. Only a peer that keeps a transaction hanging is
not waited for longer than a move may take (queue.lanes.moving).
"""

from collections.abc import Iterable

from ...mta.clock import Clock
from ..protocol import LaneKey
from ..sites import MovedSite, Sites
from .lanes import Lane
from .leasing import Leasing
from .moving import Moving


class Reshaping:
    """Used from the event loop only."""

    def __init__(self, leasing: Leasing, sites: Sites, moving: Moving, clock: Clock) -> None:
        self._leasing, self._sites, self._moving, self._clock = leasing, sites, moving, clock

    def all_anew(self) -> bool:
        """Providers and limits are asked for again; True when ready transactions left their lanes."""
        moved = self._sites.reshape()
        for pair in {(each.old, each.new) for each in moved}:
            self._follow(*pair)
        self._leave(moved)
        self._leasing.reshape()
        return bool(moved)

    def _follow(self, old: str, new: str) -> None:
        """The lanes of the new provider begin where those of the old one are."""
        now = self._clock.monotonic()
        for lane in self._leasing.lanes_of(old):
            heir = self._leasing.lane_of(LaneKey(new, lane.key.source), lane.source)
            if lane.worker is None:
                heir.take_over(lane, now)
            else:
                heir.behind.add(lane.key)

    def _leave(self, moved: Iterable[MovedSite]) -> None:
        closing: dict[LaneKey, Lane] = {}
        for each in sorted(moved):
            for lane in self._leasing.lanes_of(each.old):
                lane.drop_site(each.site)
                if lane.worker is not None:
                    closing[lane.key] = lane
        self._moving.close(closing.values())
