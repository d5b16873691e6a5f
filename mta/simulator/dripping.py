"""Octets that leave one by one, each in a turn of the event loop of its own.

Owns   the queue of octets and its order. Knows nothing of transports: it is given the way to write.
"""

import asyncio
from collections import deque
from collections.abc import Callable


class Dripping:
    """Writes what it is given, an octet at a time."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._octets: deque[int] = deque()

    def add(self, octets: bytes) -> None:
        if not self._octets:
            asyncio.get_running_loop().call_soon(self._one)
        self._octets += octets

    def rush(self) -> None:
        """Write all that is left, now."""
        if self._octets:
            self._write(bytes(self._octets))
            self._octets.clear()

    def _one(self) -> None:
        if self._octets:
            self._write(bytes([self._octets.popleft()]))
        if self._octets:
            asyncio.get_running_loop().call_soon(self._one)
