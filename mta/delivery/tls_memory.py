"""Which hosts offer STARTTLS and break it.

Owns   the memory, per host name, for three days or ten minutes and bounded; in this process only.
Knows  opportunistic TLS only (RFC 7435): a host in this memory is spoken to without TLS rather than not at all.
"""

from ..clock import Clock

_PROTOCOL_ERROR_SECONDS = 3 * 86_400.0  # a peer whose TLS is no TLS is mended by people
_LOST_SECONDS = 600.0  # a reset or silence is an accident, or somebody who wants the mail in the clear: not for days
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

    def remember_broken(self, host: str, *, lasting: bool) -> None:
        """The host goes without TLS for now; the one remembered longest makes room. `lasting`: its TLS was wrong."""
        self._until.pop(host, None)
        if len(self._until) >= _MAX_HOSTS:
            del self._until[next(iter(self._until))]
        seconds = _PROTOCOL_ERROR_SECONDS if lasting else _LOST_SECONDS
        self._until[host] = self._clock.monotonic() + seconds
