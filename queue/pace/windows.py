"""Windows: several rates at once over the same events.

Owns   the windows of one kind of event (MAILs or connects) of a lane or of a site in it; their change while they run.
Knows  nothing of lanes. Times are monotonic seconds.

Invariants
    Q4  A permit is handed out only when every window has one. A change of limits forgets no event and no permit that
        is out: a new window takes its events from the window that knows its length best, and from the *ledger*, which
        remembers an hour in steps of a minute, whatever the limits are.
"""

from collections.abc import Iterable

from ..limits import RateLimit
from .permits import Window
from .reserve import reserved_events

PLENTY = 1 << 30  # no rate, no bound
LEDGER_SECONDS = 3600.0
_LEDGER_STEPS = 60
_LEDGER = RateLimit(PLENTY, LEDGER_SECONDS, "")


class Windows:
    """All rates of one kind of event."""

    def __init__(self, limits: Iterable[RateLimit]) -> None:
        self._windows = [Window(limit) for limit in limits]
        self._ledger = Window(_LEDGER, _LEDGER_STEPS)
        self.out = 0

    def __repr__(self) -> str:
        return f"<Windows {self._windows!r}>"

    @property
    def longest_seconds(self) -> float:
        return max((window.limit.seconds for window in self._windows), default=0.0)

    @property
    def limits(self) -> list[RateLimit]:
        return [window.limit for window in self._windows]

    def free(self, now: float) -> int:
        """How many permits may be handed out now."""
        least = PLENTY
        for window in self._windows:
            least = min(least, window.free(now))
        return least

    def free_beside(self, now: float, percent: int) -> int:
        """As `free`, and in every window that share of its count is left for others (queue.pace.reserve)."""
        least = PLENTY
        for window in self._windows:
            least = min(least, window.free(now) - reserved_events(window.limit, percent))
        return least

    def is_quiet(self, now: float) -> bool:
        """Whether every window would start empty anyhow; permits that are out do not count."""
        return all(window.is_quiet(now) for window in self._windows)

    def take(self, now: float) -> bool:
        """Hand out one permit if every window has one."""
        if self.free(now) < 1:
            return False
        self.out += 1
        for window in self._windows:
            window.out += 1
        return True

    def give_back(self, used_at: Iterable[float]) -> None:
        """A permit came back; `used_at` are the moments of use."""
        self.out = max(0, self.out - 1)
        used = tuple(used_at)
        for window in self._windows:
            window.give_back(used)
        for moment in used:
            self._ledger.record(moment)

    def record(self, moment: float, count: int = 1) -> None:
        """Events that no permit stands for."""
        self._ledger.record(moment, count)
        for window in self._windows:
            window.record(moment, count)

    def count_out(self, permits: int) -> None:
        """How many permits are out already, for windows that begin while some are."""
        self.out = permits
        for window in self._windows:
            window.out = permits

    def remember(self, moments: Iterable[float], minutes: Iterable[tuple[float, int]], exact_seconds: float) -> None:
        """Events of an earlier owner: single `moments` for windows up to `exact_seconds`, `minutes` for longer ones."""
        for moment in moments:
            for window in self._windows:
                if window.limit.seconds <= exact_seconds:
                    window.record(moment)
        for moment, count in minutes:
            self._ledger.record(moment, count)
            for window in self._windows:
                if window.limit.seconds > exact_seconds:
                    window.record(moment, count)

    def next_free_seconds(self, now: float) -> float | None:
        """Seconds until a permit comes free by time alone; None: only a permit that comes back can free one."""
        waits = [window.next_free_seconds(now) for window in self._windows]
        return None if None in waits else max((wait for wait in waits if wait is not None), default=0.0)

    def next_free_beside_seconds(self, now: float, percent: int) -> float | None:
        """As `next_free_seconds`, for `free_beside`."""
        waits = [each.next_free_seconds(now, 1 + reserved_events(each.limit, percent)) for each in self._windows]
        return None if None in waits else max((wait for wait in waits if wait is not None), default=0.0)

    def binding(self, now: float, percent: int = 0) -> Window | None:
        """The window that has no permit now beside that share and frees one last; None when there is a permit."""
        full = [each for each in self._windows if each.free(now) <= reserved_events(each.limit, percent)]
        return max(full, key=lambda window: _wait(window, now), default=None)

    def apply(self, limits: Iterable[RateLimit], now: float) -> None:
        """Other limits from now on. A limit only slackened or tightened keeps its window's events."""
        before, self._windows = self._windows, [Window(limit) for limit in limits]
        for window in self._windows:
            window.out = self.out
            for moment, count in _best_knowledge(before, self._ledger, window.limit.seconds, now):
                window.record(moment, count)

    def take_over(self, other: "Windows", now: float) -> None:
        """Everything that `other` remembers counts here too."""
        for window in self._windows:
            for moment, count in _best_knowledge(other._windows, other._ledger, window.limit.seconds, now):
                window.record(moment, count)
        other._ledger.is_quiet(now)
        for moment, count in other._ledger.events():
            self._ledger.record(moment, count)


def _wait(window: Window, now: float) -> float:
    wait = window.next_free_seconds(now)
    return float("inf") if wait is None else wait


def _best_knowledge(known: list[Window], ledger: Window, seconds: float, now: float) -> list[tuple[float, int]]:
    """The events of the last `seconds`: from the shortest window that reaches so far, else from the longest."""
    candidates = [*known, ledger]
    reaching = [window for window in candidates if window.limit.seconds >= seconds]
    if reaching:
        best = min(reaching, key=lambda window: window.limit.seconds)
    else:
        best = max(candidates, key=lambda window: window.limit.seconds)
    best.is_quiet(now)  # what is over is forgotten first
    return [(min(moment, now), count) for moment, count in best.events()]
