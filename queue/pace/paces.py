"""Paces: the smaller limits of parts of a lane: of its sites (`SiteLimits`), and of senders that a reaction slows.

Owns   a part's MAIL windows and how many of its transactions may be in flight. A part without such limits has none.
Knows  nothing of sockets: `connections` of a site is kept by the worker (mta.delivery.openings).

Invariants
    Q4  a MAIL has a permit of its lane and one of each part that has windows.
    M1  parts whose windows are empty are forgotten.
"""

from collections.abc import Callable, Iterable, Mapping

from ..limits import SiteLimits
from .permits import Window
from .windows import Windows

IN_FLIGHT_PER_CONNECTION = 8  # enough that a connection never waits for the owner, few enough to take back
_TIDY_EVERY = 256  # new parts

Inherit = Callable[[str, Windows, float], None]


class Paces:
    """The parts of one kind (sites or senders) of one lane, by name."""

    def __init__(self, limits: SiteLimits, inherit: Inherit | None = None) -> None:
        """`inherit(part, windows, now)` fills the windows of a part that is new here with what left before."""
        self._limits = limits  # of every part
        self._others: Mapping[str, SiteLimits] = {}  # of single ones
        self._inherit = inherit
        self._windows: dict[str, Windows] = {}
        self._until_tidy = _TIDY_EVERY
        self.is_bound = limits != SiteLimits()

    def limits_of(self, part: str) -> SiteLimits:
        return self._others.get(part, self._limits)

    @property
    def named(self) -> Iterable[str]:
        """Single parts that differ from the others."""
        return self._others

    @property
    def connections(self) -> int:
        """Of every part, 0: no bound but the lane's."""
        return self._limits.connections.value if self._limits.connections is not None else 0

    def own_connections(self) -> dict[str, int]:
        """Of single parts that differ from the others."""
        given = {part: limits.connections for part, limits in self._others.items()}
        return {part: limit.value for part, limit in given.items() if limit is not None}

    def may_start(self, part: str, in_flight: int, now: float) -> bool:
        """Whether the part's own limits let one more transaction leave."""
        if not self.is_bound:
            return True
        connections = self.limits_of(part).connections
        if connections is not None and in_flight >= connections.value * IN_FLIGHT_PER_CONNECTION:
            return False
        windows = self._of(part, now)
        return windows is None or bool(windows.free(now))

    def start(self, part: str, now: float) -> None:
        """Take the part's permit."""
        windows = self._of(part, now) if self.is_bound else None
        if windows is not None and not windows.take(now):  # the caller did not know the part when it asked
            windows.count_out(windows.out + 1)

    def end(self, part: str, mails: tuple[float, ...]) -> None:
        """A transaction is over; one that started before its part had windows takes no permit from others."""
        if self._windows and (windows := self._windows.get(part)) is not None:
            windows.give_back(mails)

    def apply(
        self, limits: SiteLimits, others: Mapping[str, SiteLimits], now: float, in_flight: Mapping[str, int]
    ) -> None:
        """Other limits from now on. `in_flight`: transactions under way by part, permits that are out."""
        self._limits, self._others = limits, others
        self.is_bound = limits != SiteLimits() or bool(others)
        for part, windows in list(self._windows.items()):
            rates = self.limits_of(part).message_rates
            windows.apply(rates, now)
            if not rates:
                del self._windows[part]
        for part, count in in_flight.items():
            windows = self._of(part, now)
            if windows is not None:
                windows.count_out(count)

    def next_free_seconds(self, part: str, now: float) -> float | None:
        """As `Windows.next_free_seconds`."""
        windows = self._windows.get(part)
        return windows.next_free_seconds(now) if windows is not None else 0.0

    def binding(self, part: str, now: float) -> Window | None:
        """The window of the part that has no permit now."""
        windows = self._windows.get(part)
        return windows.binding(now) if windows is not None else None

    def record(self, moment: float) -> None:
        """An event of which it is not known whose it was: it counts for all."""
        for windows in self._windows.values():
            windows.record(moment)

    @property
    def longest_seconds(self) -> float:
        every = [self._limits, *self._others.values()]
        return max((rate.seconds for limits in every for rate in limits.message_rates), default=0.0)

    def is_quiet(self, now: float) -> bool:
        """Whether every window would start empty anyhow."""
        return all(windows.is_quiet(now) for windows in self._windows.values())

    def _of(self, part: str, now: float) -> Windows | None:
        windows = self._windows.get(part)
        if windows is None and (rates := self.limits_of(part).message_rates):
            self._tidy(now)
            windows = self._windows[part] = Windows(rates)
            if self._inherit is not None:
                self._inherit(part, windows, now)
        return windows

    def _tidy(self, now: float) -> None:
        self._until_tidy -= 1
        if not self._until_tidy:
            quiet = [part for part, each in self._windows.items() if not each.out and each.is_quiet(now)]
            for part in quiet:
                del self._windows[part]
            self._until_tidy = _TIDY_EVERY + len(self._windows)
