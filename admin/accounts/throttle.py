"""Failures to log in, counted per network and per account.

Owns   the windows, and the answer "not now".
Knows  no secret: a failure has a mark (a keyed hash), and the same wrong secret tried again counts once, so a client
       with an old password does not lock out the office it sits in.
A network is a /24 (IPv4) or a /64 (IPv6), the smallest a guesser gets without cost. Memory is bounded: the oldest
keys are forgotten.
"""

import ipaddress
from collections import OrderedDict

from ...mta.clock import Clock

WINDOW_SECONDS = 600.0
PER_NETWORK = 20
PER_ACCOUNT = 30
_CAPACITY = 10_000


class FailureThrottle:
    """At most `limit` different failures of one key in a window."""

    def __init__(self, clock: Clock, limit: int, *, seconds: float = WINDOW_SECONDS) -> None:
        self._clock = clock
        self._limit = limit
        self._seconds = seconds
        self._failures: OrderedDict[str, dict[bytes, float]] = OrderedDict()  # key -> mark -> when

    def refuses(self, key: str) -> bool:
        marks = self._failures.get(key)
        if marks is None or len(marks) < self._limit:
            return False
        self._forget_old(key, marks)
        return len(marks) >= self._limit

    def failed(self, key: str, mark: bytes) -> None:
        marks = self._failures.setdefault(key, {})
        self._failures.move_to_end(key)
        if len(marks) < self._limit:
            marks[mark] = self._clock.monotonic()
        if len(self._failures) > _CAPACITY:
            self._failures.popitem(last=False)

    def _forget_old(self, key: str, marks: dict[bytes, float]) -> None:
        oldest = self._clock.monotonic() - self._seconds
        for mark in [mark for mark, when in marks.items() if when <= oldest]:
            del marks[mark]
        if not marks:
            del self._failures[key]


def network_of(address: str) -> str:
    """The network that a client's address stands for; the text itself when it is no address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 64), strict=False))
