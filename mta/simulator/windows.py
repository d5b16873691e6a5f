"""Counting in sliding windows, as a receiver does.

Owns   `SlidingWindow` (may one more event happen now?) and `peak` (what was the most in any window of a log?).
Invariant: in no half-open interval of `seconds` does a window admit more than `most` events.
"""

from collections import deque
from collections.abc import Hashable, Iterable


class SlidingWindow:
    """Windows of one length, one for each key."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._times: dict[Hashable, deque[float]] = {}

    def admit(self, key: Hashable, now: float) -> bool:
        """Count an event, unless it is one too many; one that is refused is not counted."""
        times = self._times.setdefault(key, deque())
        while times and times[0] <= now - self._seconds:
            times.popleft()
        if len(times) >= self._most:
            return False
        times.append(now)
        return True


def peak(times: Iterable[float], seconds: float) -> int:
    """The most events in any half-open interval of that length; `times` ascend."""
    inside: deque[float] = deque()
    most = 0
    for time in times:
        inside.append(time)
        while inside[0] <= time - seconds:
            inside.popleft()
        most = max(most, len(inside))
    return most
