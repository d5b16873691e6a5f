"""The demo without a terminal: one line for each event, as it happens.

Owns   the form of a line: the time of day and a sentence, nothing else.
Knows  no colours and no cursor: a pipe, a file or a CI log reads it.
"""

import click

from .. import times
from .show import Stage


class LineView:
    """Implements `View`."""

    def __init__(self) -> None:
        self._told = 0

    def show(self, stage: Stage) -> None:
        picture = stage.picture
        for event in picture.newest(self._told):
            click.echo(f"{times.exact(event.at_ms, event.at_ms)} {event.sentence}")
        self._told = picture.happened
