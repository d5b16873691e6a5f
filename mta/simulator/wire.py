"""The port from a dialog to its connection.

Owns   `Wire`, which `mta.simulator.session` implements.
"""

from collections.abc import Callable
from typing import Protocol

from .behaviours import StartTls


class Wire(Protocol):
    """What a dialog can do to its connection."""

    client: str
    tls: str

    def say(self, octets: bytes) -> None: ...

    def unsay(self) -> list[bytes]:
        """Take back what was said and has not left."""
        ...

    def hang_up(self) -> None:
        """Close after what was said has left."""
        ...

    def drop(self) -> None:
        """Cut the connection now."""
        ...

    def reset(self) -> None:
        """Cut the connection now, with a TCP reset."""
        ...

    def half_close(self) -> None:
        """End our side; what still comes is thrown away."""
        ...

    def hang(self) -> None:
        """Never read again."""
        ...

    def wait(self, seconds: float, then: Callable[[], None]) -> None:
        """Read nothing for a while, then go on."""
        ...

    def begin_tls(self, how: StartTls) -> None:
        """Say 220 and do the handshake, or spoil it."""
        ...
