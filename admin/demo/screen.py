"""The demo in a terminal: one page, drawn anew some times a second.

Owns   taking the screen and giving it back.
Knows  nothing of where the numbers come from, or how the page is laid out (`page`).
"""

from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.live import Live

from ...mta.clock import Clock
from ..texts import _
from .page import page, plain
from .picture import Picture
from .show import Stage

Hint = Callable[[Picture, int], list[str]]
"""From the picture and the width of the page to the lines that say how to look deeper."""


class ScreenView:
    """Implements `View`; a context manager that takes the screen and gives it back."""

    def __init__(self, console: Console, clock: Clock, hint: Hint) -> None:
        self._console, self._clock, self._hint = console, clock, hint
        self._live = Live(console=console, screen=True, auto_refresh=False)

    def __enter__(self) -> "ScreenView":
        self._live.start()
        self._live.update(plain(_("The demo starts …")), refresh=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def show(self, stage: Stage) -> None:
        width, height = self._console.size
        hints = self._hint(stage.picture, width)
        self._live.update(page(stage, self._clock.monotonic(), width, height, hints), refresh=True)
