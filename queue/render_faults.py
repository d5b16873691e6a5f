"""Render faults: a text that cannot be made for anybody holds its stream, instead of skipping everybody.

Owns   counting faults in a row, by stream.
Knows  no renderer. One fault skips its recipient (Q7), that is settling's; this only looks on, after commits.
"""

from collections.abc import Callable

MOST_IN_A_ROW = 20
RENDER_FAULTS = "render-faults"
"""The reason of such a pause; reasons given by people are their own words."""


class RenderFaults:
    def __init__(self, hold: Callable[[int], None]) -> None:
        """`hold(message id)` is called once, when faults reach `MOST_IN_A_ROW`."""
        self._hold = hold
        self._in_a_row: dict[int, int] = {}

    def __bool__(self) -> bool:
        """Whether somebody had a fault lately: otherwise only faults are worth a call."""
        return bool(self._in_a_row)

    def skipped(self, message_id: int) -> None:
        """A recipient of this message could not be rendered."""
        faults = self._in_a_row[message_id] = self._in_a_row.get(message_id, 0) + 1
        if faults >= MOST_IN_A_ROW:
            del self._in_a_row[message_id]
            self._hold(message_id)

    def attempted(self, message_id: int) -> None:
        """A letter of this message was made."""
        self._in_a_row.pop(message_id, None)
