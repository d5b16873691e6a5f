"""One MX host with the addresses it was resolved to.

Owns   the value `Host`. Knows nothing of preference: routes list hosts in the order in which they are to be tried.
"""

import msgspec


class Host(msgspec.Struct, frozen=True, array_like=True):
    """An MX host; `addresses` are IPv4 or IPv6 literals, in the order in which they are to be tried."""

    name: str
    addresses: tuple[str, ...]
