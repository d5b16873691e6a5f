"""Permits: the window that keeps events within one rate.

Owns   the count of events in a sliding window, exact while permits are out.
Knows  nothing of lanes or workers; times are monotonic seconds, the same clock in all processes of a boot. Several
       rates at once are queue.pace.windows.

Invariants
    Q4  At every moment events of the last `seconds` + permits that are out ≤ count. A permit may be used at any later
        moment, so it counts as "now" until its use is reported; then it counts from the moment of use. Permits of a
        dead worker count as used at its death. What holds in every sliding window holds in every fixed one.
    M1  A window remembers at most about MAX_STEPS moments: beyond that, events share steps of a 600th of its length,
        and each counts until its step has ended. So too few may leave by a 600th, never too many.
"""

from collections import deque
from collections.abc import Iterable
from math import ceil

from ..limits import RateLimit

MAX_STEPS = 600
SLACK_SECONDS = 0.05  # the receiver sees events closer together than they left: network jitter


class Window:
    """One rate limit and its recent events."""

    def __init__(self, limit: RateLimit, steps: int = MAX_STEPS) -> None:
        self.limit = limit
        self.out = 0
        self._step = limit.seconds / steps if limit.count > steps else 0.0
        self._moments: deque[float] = deque()  # the ends of steps, or each event's own moment, ascending
        self._counts: deque[int] = deque()  # how many events each stands for
        self._used = 0  # their sum

    def __repr__(self) -> str:
        return f"<Window {self.limit.count} in {self.limit.seconds:g} s: {self._used} used, {self.out} out>"

    def free(self, now: float) -> int:
        """How many permits may be handed out now."""
        self._forget(now)
        return max(0, self.limit.count - self.out - self._used)

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

    def record(self, moment: float, count: int = 1) -> None:
        """Events that no permit stands for."""
        self._used += count
        if self._step:
            moment = ceil(moment / self._step) * self._step
        moments = self._moments
        if not moments or moment > moments[-1]:
            moments.append(moment)
            self._counts.append(count)
            if len(moments) > 2 * MAX_STEPS:  # nobody asked for long: what is over by the newest event goes
                self._forget(moment - self._step)
        elif moment == moments[-1]:
            self._counts[-1] += count
        else:
            self._insert(moment, count)

    def _insert(self, moment: float, count: int) -> None:
        """Among the others: reports come from several connections, and late."""
        at = len(self._moments) - 1
        while at and self._moments[at - 1] > moment:
            at -= 1
        if at and self._moments[at - 1] == moment:
            self._counts[at - 1] += count
        else:
            self._moments.insert(at, moment)
            self._counts.insert(at, count)

    def next_free_seconds(self, now: float, wanted: int = 1) -> float | None:
        """Seconds until so many permits are free by time alone; None: some permit must come back before."""
        lacking = self.out + self._used + wanted - self.limit.count if self.free(now) < wanted else 0
        if lacking <= 0:
            return 0.0
        for moment, count in zip(self._moments, self._counts, strict=True):
            lacking -= count
            if lacking <= 0:
                return max(0.0, moment + self.limit.seconds + SLACK_SECONDS - now)
        return None

    def events(self) -> Iterable[tuple[float, int]]:
        """What is remembered, as (moment, how many): moments are never earlier than the events were."""
        return zip(self._moments, self._counts, strict=True)

    def _forget(self, now: float) -> None:
        oldest = now - self.limit.seconds - SLACK_SECONDS
        while self._moments and self._moments[0] <= oldest:
            self._moments.popleft()
            self._used -= self._counts.popleft()
