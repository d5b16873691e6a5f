"""Permits: the windows that keep a (provider, source) within its rates.

Owns   the count of events in a sliding window, exact while permits are out.
Knows  nothing of lanes or workers; times are monotonic seconds, the same clock in all processes of a boot.

Invariants
    Q4  At every moment events of the last `seconds` + permits that are out ≤ count. A permit may be used at any later
        moment, so it counts as "now" until its use is reported; then it counts from the moment of use. Permits of a
        dead worker count as used at its death.
"""

from collections import deque
from collections.abc import Iterable

from .limits import RateLimit

_SLACK_SECONDS = 0.05  # the receiver sees events closer together than they left: network jitter


class Window:
    """One rate limit and its recent events."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._used: deque[float] = deque()
        self.out = 0

    def free(self, now: float) -> int:
        """How many permits may be handed out now."""
        self._forget(now)
        return max(0, self.limit.count - self.out - len(self._used))

    def is_quiet(self, now: float) -> bool:
        """Whether nothing happened within the window; permits that are out do not count."""
        self._forget(now)
        return not self._used

    def take(self, now: float) -> bool:
        """Hand out one permit if there is one."""
        if self.free(now) < 1:
            return False
        self.out += 1
        return True

    def give_back(self, used_at: Iterable[float]) -> None:
        """A permit came back; `used_at` are the moments of use: none, one, or more if it was used again."""
        self.out = max(0, self.out - 1)
        for moment in used_at:
            self.record(moment)

    def record(self, moment: float) -> None:
        """An event that no permit stands for."""
        at = len(self._used)
        while at and self._used[at - 1] > moment:
            at -= 1
        self._used.insert(at, moment)

    def next_free_seconds(self, now: float) -> float | None:
        """Seconds until a permit comes free by time alone; None: only a permit that comes back can free one."""
        if self.free(now):
            return 0.0
        if not self._used:
            return None
        return max(0.0, self._used[0] + self.limit.seconds + _SLACK_SECONDS - now)

    def _forget(self, now: float) -> None:
        oldest = now - self.limit.seconds - _SLACK_SECONDS
        while self._used and self._used[0] <= oldest:
            self._used.popleft()
