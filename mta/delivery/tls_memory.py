"""Which hosts offer STARTTLS and break it.

Owns   the memory, per host name, for three days and bounded; in this process only.
Knows  opportunistic TLS only (RFC 7435): a host in this memory is spoken to without TLS rather than not at all.
"""

from ..clock import Clock

_REMEMBERED_SECONDS = 3 * 86_400.0
_MAX_HOSTS = 10_000


class TlsMemory:
    """Hosts whose TLS failed lately. Shared by the lanes of a process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def is_broken(self, host: str) -> bool:
        until = self._until.get(host)
        if until is None:
            return False
        if until <= self._clock.monotonic():
            del self._until[host]
            return False
        return True

    def remember_broken(self, host: str) -> None:
        """The host goes without TLS from now on; the host remembered longest makes room."""
        self._until.pop(host, None)
        if len(self._until) >= _MAX_HOSTS:
            del self._until[next(iter(self._until))]
        self._until[host] = self._clock.monotonic() + _REMEMBERED_SECONDS
