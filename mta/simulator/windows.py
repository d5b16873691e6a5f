"""Counting in windows of time, as a receiver does.

Owns   `SlidingWindow` and `FixedWindow` (may one more event happen now?) and `peak` (what was the most in any window of
       a log?).
Invariant: in no half-open interval of `seconds` does a sliding window admit more than `most` events, and a fixed one
       in none that begins at a multiple of `seconds` by the clock of its zone.
"""

from collections import deque
from collections.abc import Hashable, Iterable
from datetime import UTC, datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from .behaviours import WindowKind
from .settings import Window


class SlidingWindow:
    """Windows of one length, one for each key. `most` may change at any time; what was counted stays."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self._seconds = seconds
        self._times: dict[Hashable, deque[float]] = {}

    def admit(self, key: Hashable, now: float) -> bool:
        """Count an event, unless it is one too many; one that is refused is not counted."""
        times = self._times.setdefault(key, deque())
        while times and times[0] <= now - self._seconds:
            times.popleft()
        if len(times) >= self.most:
            return False
        times.append(now)
        return True


class FixedWindow:
    """Windows that follow each other, one row for each key. Times are those of the wall clock, in seconds."""

    def __init__(self, most: int, seconds: float, zone: str) -> None:
        self.most = most
        self._seconds, self._zone = seconds, zone
        self._counts: dict[Hashable, tuple[int, int]] = {}  # number of the window, events in it

    def admit(self, key: Hashable, now: float) -> bool:
        """As SlidingWindow's."""
        number = window_number(now, self._seconds, self._zone)
        counted = self._counts.get(key, (number, 0))
        events = counted[1] if counted[0] == number else 0
        if events >= self.most:
            return False
        self._counts[key] = (number, events + 1)
        return True


def window_number(wall: float, seconds: float, zone: str) -> int:
    """Which of the windows that are aligned to a zone's clock a moment lies in."""
    if zone == "UTC":
        return int(wall // seconds)
    offset = datetime.fromtimestamp(wall, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return int((wall + offset.total_seconds()) // seconds)


def made(settings: Window) -> SlidingWindow | FixedWindow:
    match settings.kind:
        case WindowKind.SLIDING:
            return SlidingWindow(settings.most, settings.seconds)
        case WindowKind.FIXED:
            return FixedWindow(settings.most, settings.seconds, settings.zone)
        case _:
            assert_never(settings.kind)


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
