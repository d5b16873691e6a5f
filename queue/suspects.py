"""Suspects: messages that were with a worker when it died.

Owns   the number of deaths in a row for each message, and what follows from it.
Knows  nothing of rows and workers. In memory: a new owner begins to count anew.

A death is seldom the doing of a letter, and never of all that the worker had: at first they are due again at once. From
the second death on they are tried apart from each other, so that the next death says whose doing it was.

Invariants
    Q7  a message that ends every worker that gets it is held, and mail beside it flows on.
    Nobody is held who was not with a worker at HELD_AFTER deaths in a row, the last of them as the only one of whom so
    much is known; or, when that cannot be told apart, at HELD_AT_LAST_AFTER. Whose dot may have been sent was rendered,
    signed and written without harm, and probably only waited for a slow host: it is held at HELD_AT_LAST_AFTER.
"""

from collections.abc import Mapping

import msgspec

HELD_AFTER = 3
HELD_AT_LAST_AFTER = 6
APART_MS = 2000  # longer than a new worker takes to start
_MAX_WAIT_MS = 600_000
_MAX_KNOWN = 20_000


class Consequence(msgspec.Struct, frozen=True):
    """What becomes of a message: held after so many deaths, or due again after a while."""

    held_after: int = 0  # 0: it is not held
    wait_ms: int = 0


class Suspects:
    def __init__(self) -> None:
        self._deaths: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._deaths)

    def clear(self, message_id: int) -> None:
        """An attempt at it came to its end."""
        self._deaths.pop(message_id, None)

    def died(self, messages: Mapping[int, bool]) -> dict[int, Consequence]:
        """A worker died with these messages, each with whether its dot may have been sent."""
        counts = {message_id: self._deaths.pop(message_id, 0) + 1 for message_id in messages}
        self._deaths |= counts
        while len(self._deaths) > _MAX_KNOWN:
            del self._deaths[next(iter(self._deaths))]
        worst = [message_id for message_id, deaths in counts.items() if deaths >= HELD_AFTER]
        alone = len(worst) == 1 and not messages[worst[0]]
        held = {each for each in worst if alone or counts[each] >= HELD_AT_LAST_AFTER}
        for message_id in held:
            self.clear(message_id)  # who releases it wants it tried again
        return _consequences(counts, held)


def _consequences(counts: dict[int, int], held: set[int]) -> dict[int, Consequence]:
    consequences: dict[int, Consequence] = {}
    apart = 0
    for message_id, deaths in counts.items():
        if message_id in held:
            consequences[message_id] = Consequence(held_after=deaths)
        elif deaths == 1:
            consequences[message_id] = Consequence()
        else:
            consequences[message_id] = Consequence(wait_ms=min(apart * APART_MS, _MAX_WAIT_MS))
            apart += 1
    return consequences
