"""How much one host of the world may write to us in a minute, so that a flood from it costs a reply and no disk.

Owns   the counts of this minute.
Knows  no reply. A network of 64 bits is one host: who has one IPv6 address has them all.

Invariant  memory is bounded: beyond MAX_HOSTS in one minute, all further ones count as one.
"""

import ipaddress

from ...mta.clock import Clock

MAX_HOSTS = 50_000
_MINUTE_SECONDS = 60
_OTHERS = "others"


class HostLimits:
    """0 is no limit."""

    def __init__(self, clock: Clock, *, messages: int = 0, octets: int = 0) -> None:
        self._clock = clock
        self.messages, self.octets = messages, octets
        self._minute = 0
        self._used: dict[str, tuple[int, int]] = {}

    def may_write(self, address: str) -> bool:
        """Whether another message of this host is taken now."""
        messages, octets = self._now().get(self._key(address), (0, 0))
        return not (0 < self.messages <= messages or 0 < self.octets <= octets)

    def wrote(self, address: str, octets: int) -> None:
        """It gave us a message."""
        if not (self.messages or self.octets):
            return
        used, host = self._now(), self._key(address)
        before = used.get(host, (0, 0))
        used[host] = (before[0] + 1, before[1] + octets)

    def _now(self) -> dict[str, tuple[int, int]]:
        minute = int(self._clock.monotonic()) // _MINUTE_SECONDS
        if minute != self._minute:
            self._minute, self._used = minute, {}
        return self._used

    def _key(self, address: str) -> str:
        host = _network(address) if ":" in address else address
        return host if host in self._used or len(self._used) < MAX_HOSTS else _OTHERS


def _network(address: str) -> str:
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(found.ipv4_mapped or (int(found) >> 64))
