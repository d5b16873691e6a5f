"""What was learnt the hard way about single hosts, so that the next connection goes better.

Owns   the memory, per host name and quirk, for a time and bounded; in this process only.
Knows  no dialog: what shows a quirk, and for how long to believe it, is `mta.delivery.lessons`.
"""

from enum import StrEnum

from ..clock import Clock

_MAX_HOSTS = 10_000


class Quirk(StrEnum):
    """A way in which a host does not do what it says."""

    BREAKS_TLS = "breaks-tls"  # offers STARTTLS, and what follows fails: spoken to in the clear (RFC 7435)
    BREAKS_PIPELINING = "breaks-pipelining"  # offers PIPELINING and loses its step: one command at a time
    CLOSES_ON_EHLO = "closes-on-ehlo"  # HELO is said at once


class HostMemory:
    """Hosts with their quirks. Shared by the lanes of a process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[tuple[str, Quirk], float] = {}

    def has(self, host: str, quirk: Quirk) -> bool:
        until = self._until.get((host, quirk))
        if until is None:
            return False
        if until <= self._clock.monotonic():
            del self._until[host, quirk]
            return False
        return True

    def remember(self, host: str, quirk: Quirk, seconds: float) -> None:
        """For so long; what was remembered longest ago makes room."""
        self._until.pop((host, quirk), None)
        if len(self._until) >= _MAX_HOSTS:
            del self._until[next(iter(self._until))]
        self._until[host, quirk] = self._clock.monotonic() + seconds

    def forget(self, host: str, quirk: Quirk) -> None:
        self._until.pop((host, quirk), None)
