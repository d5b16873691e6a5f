"""The near end of outbound connections: where they come from, and how many there may be.

Owns   the values EgressSource and LaneLimits.
Knows  no rule and no rate: rates are permits, asked for through `LaneEvents`.
"""

import msgspec


class EgressSource(msgspec.Struct, frozen=True):
    """The local address connections are made from ("" = the kernel chooses) and the name said in EHLO."""

    address: str
    ehlo: str


class LaneLimits(msgspec.Struct, frozen=True):
    """What bounds a lane; may be replaced while it runs (`Lane.limits = …; Lane.wake()`)."""

    max_connections: int = 10  # over all sites of the lane; counted until the socket is closed
    messages_per_connection: int = 100  # MAIL commands
    idle_seconds: float = 5.0  # how long a connection without work is kept
