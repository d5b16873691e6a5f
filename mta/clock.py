"""The clock: the only way the rest of the house learns the time.

Owns   reading the wall clock (epoch milliseconds, for rows and headers) and the monotonic clock (seconds, for
       windows and timeouts; comparable between processes of one machine and one boot).
Knows  nothing of schedules. Tests inject `tests.fakes.clock.FakeClock`.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """What time it is."""

    def now_ms(self) -> int:
        """UTC epoch milliseconds. May jump; never decides whether a lease lives (Q2)."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; CLOCK_MONOTONIC, the same in every process of this boot."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()
