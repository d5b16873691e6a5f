"""Addresses from which much went wrong lately.

Owns    counting bad commands and failed logins per client address, and how long its next greeting waits.
Knows   nothing of sessions. An address is forgotten after one to two periods; at most MAX_ADDRESSES are remembered.
Why the greeting
        one wait for each connection costs who guesses passwords or probes for faults his pace, and whoever is merely
        misconfigured only seconds.
"""

from ..clock import Clock

_PERIOD_SECONDS = 600.0
MAX_ADDRESSES = 10_000


class Offenders:
    """Counts of two periods: the one that runs, and the one before."""

    def __init__(self, clock: Clock, *, failures_before_slowing: int, slow_greeting_seconds: float) -> None:
        self._clock = clock
        self._before_slowing, self._slow_seconds = failures_before_slowing, slow_greeting_seconds
        self._now: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._began = clock.monotonic()

    def failed(self, address: str) -> None:
        """One more bad command or login."""
        self._turn()
        if address in self._now or len(self._now) < MAX_ADDRESSES:
            self._now[address] = self._now.get(address, 0) + 1

    def delay_seconds(self, address: str) -> float:
        """How long this client waits for its greeting."""
        if not (self._now or self._before):
            return 0.0
        self._turn()
        failures = self._now.get(address, 0) + self._before.get(address, 0)
        return self._slow_seconds if failures >= self._before_slowing else 0.0

    def _turn(self) -> None:
        now = self._clock.monotonic()
        periods = (now - self._began) // _PERIOD_SECONDS
        if periods >= 1:
            self._before = self._now if periods < 2 else {}
            self._now = {}
            self._began = now
