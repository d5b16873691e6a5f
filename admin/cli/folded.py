"""Values in a terminal that are folded as their language is: Chinese between characters, never before a closing mark.

Owns   Folded, a renderable for rich, whose own folding breaks a Chinese sentence only where it has a space.
Knows  no verb; the folding itself is `wrapping`.
"""

import re

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from .wrapping import wrap_text

_WIDE = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")
_SET = re.compile(r"\n|\s\s")


class Folded:
    """One paragraph."""

    def __init__(self, text: Text) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(wrap_text(self._text.plain, options.max_width), self._text.style)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._text)


def foldable(value: str | Text) -> str | Text | Folded:
    """What has wide characters, and neither lines, columns nor colours of its own, is folded here; rich folds the
    rest."""
    text = value if isinstance(value, Text) else Text(value)
    if text.spans or _SET.search(text.plain) or not _WIDE.search(text.plain):
        return value
    return Folded(text)
