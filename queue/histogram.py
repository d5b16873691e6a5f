"""A histogram of durations: how many took at most so long.

Owns   counts per bucket, their sum; cheap enough for every commit.
Knows  nothing of what is measured. One thread adds; a reader beside it may see a duration counted and not yet summed.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Histogram:
    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        """`bounds` ascend; what is longer than the last is in a bucket of its own."""
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self.seconds += seconds

    @property
    def count(self) -> int:
        return sum(self._counts)

    def buckets(self) -> tuple[tuple[float, int], ...]:
        """For each bound how many took at most as long."""
        return tuple(zip(self._bounds, accumulate(self._counts), strict=False))
