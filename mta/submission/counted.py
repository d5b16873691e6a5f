"""What a listener has to tell of itself: sessions, memory, refusals.

Owns   the value ListenerFigures and how several are put together. Knows nothing of who shows it.
"""

from collections import Counter
from collections.abc import Iterable

import msgspec


class ListenerFigures(msgspec.Struct, frozen=True):
    """Sessions and the memory they hold now; replies 4yz and 5yz by code since the listener began."""

    sessions: int = 0
    memory_bytes: int = 0
    refused: dict[int, int] = {}


def added(parts: Iterable[ListenerFigures]) -> ListenerFigures:
    """Of several listeners together."""
    known, refused = list(parts), Counter[int]()
    for each in known:
        refused.update(each.refused)
    return ListenerFigures(
        sum(each.sessions for each in known), sum(each.memory_bytes for each in known), dict(refused)
    )
