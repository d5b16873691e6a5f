"""Render faults: a text that cannot be made for anybody pauses its stream, instead of skipping everybody.

Owns   counting faults in a row by stream, and who is spared: skipped nobody gets the letter any more, though the text
       be put right; who waits gets it.
Knows  no renderer. A lone fault skips its recipient (Q7), that is settling's.
"""

from collections.abc import Callable

MOST_IN_A_ROW = 20
RENDER_FAULTS = "render-faults"
"""The reason of such a pause; reasons given by people are their own words."""


class RenderFaults:
    def __init__(self, hold: Callable[[int], None]) -> None:
        """`hold(stream)` is called when faults reach `MOST_IN_A_ROW`, and at so many more: somebody may resume it."""
        self._hold = hold
        self._in_a_row: dict[int, int] = {}

    def __bool__(self) -> bool:
        """Whether somebody had a fault lately: otherwise only faults are worth a call."""
        return bool(self._in_a_row)

    def fault(self, stream_id: int) -> bool:
        """One more that could not be made: whether its recipient is spared, that is waits for another text."""
        faults = self._in_a_row[stream_id] = self._in_a_row.get(stream_id, 0) + 1
        if faults % MOST_IN_A_ROW == 0:
            self._hold(stream_id)
        return faults > MOST_IN_A_ROW

    def attempted(self, stream_id: int) -> None:
        """A letter of the stream was made."""
        self._in_a_row.pop(stream_id, None)
