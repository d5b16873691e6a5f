"""The demo in a terminal: one page, drawn anew some times a second.

Owns   the page: title, totals, a line for each group of receivers, the newest events, and what to try next to it.
Knows  nothing of where the numbers come from. Made for 80 columns and 24 lines; more room shows more events.
"""

from collections.abc import Callable
from types import TracebackType

from rich.console import Console, Group as Stack
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ...mta.clock import Clock
from ...queue.journal import JournalKind
from .. import times
from ..texts import _, ngettext
from .picture import Happening, Line, Picture
from .show import Stage

_COLOURS = {
    JournalKind.DELIVERED: "green",
    JournalKind.DEFERRED: "yellow",
    JournalKind.BOUNCED: "red",
    JournalKind.NOTICE: "magenta",
    None: "cyan",
}

Hint = Callable[[str, int], list[str]]
"""From an address ("" for none) and the width of the page to the lines that say how to look deeper."""


class ScreenView:
    """Implements `View`; a context manager that takes the screen and gives it back."""

    def __init__(self, console: Console, clock: Clock, hint: Hint) -> None:
        self._console, self._clock, self._hint = console, clock, hint
        self._live = Live(console=console, screen=True, auto_refresh=False)

    def __enter__(self) -> "ScreenView":
        self._live.start()
        self._live.update(_plain(_("The demo starts …")), refresh=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def show(self, stage: Stage) -> None:
        width, height = self._console.size
        hints = self._hint(stage.picture.waiting_address, width)
        self._live.update(page(stage, self._clock.monotonic(), height, hints), refresh=True)


def page(stage: Stage, now: float, height: int, hints: list[str]) -> Stack:
    """The whole page in `height` lines; lines that are too long end in “…”."""
    picture = stage.picture
    top = [_title(stage, now), _totals(picture)]
    bottom = [_impatience(stage, now), *map(_plain, hints)]
    room = height - len(top) - len(picture.lines) - 1 - len(bottom)  # 1: the heads of the columns
    events = list(picture.events)[-room:] if room > 0 else []
    padding = [Text("")] * (max(0, room) - len(events))
    return Stack(*top, _table(picture), *map(_event, events), *padding, *bottom)


def _title(stage: Stage, now: float) -> Text:
    elapsed = _clock_face(now - stage.started)
    words = _("Youtong demo: a real server, simulated receivers   {elapsed}   Ctrl-C ends it")
    return _plain(" " + words.format(elapsed=elapsed), "reverse")


def _totals(picture: Picture) -> Text:
    totals = picture.totals
    letters = ngettext("{n} letter", "{n} letters", picture.letters).format(n=picture.letters)
    return Text.assemble(
        (letters, "bold"), "   ",
        (_("{n} delivered").format(n=totals.delivered), "green"), "   ",
        (_("{n} on the way").format(n=totals.on_the_way), "cyan"), "   ",
        (_("{n} waiting").format(n=totals.waiting), "yellow"), "   ",
        (_("{n} bounced").format(n=totals.bounced), "red"),
        no_wrap=True, overflow="ellipsis",
    )  # fmt: skip


def _table(picture: Picture) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold underline", expand=True)
    table.add_column(_("receivers"), no_wrap=True)
    for head in (_("waiting"), _("now"), _("deliv'd"), _("deferred"), _("bounced")):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column(_("last words"), no_wrap=True, overflow="ellipsis", ratio=1)
    for group, line in picture.lines.items():
        table.add_row(_(group.label), *_numbers(line), " ".join(line.last_words.split()))
    return table


def _numbers(line: Line) -> list[Text]:
    return [
        _number(line.waiting, "yellow"),
        _number(line.on_the_way, "cyan"),
        _number(line.delivered, "green"),
        _number(line.deferred, "yellow"),
        _number(line.bounced, "red"),
    ]


def _number(n: int, colour: str) -> Text:
    return Text(str(n), colour) if n else Text("·", "dim")


def _event(event: Happening) -> Text:
    words = f"{times.exact(event.at_ms, event.at_ms)} {event.sentence}"
    return _plain(words, _COLOURS.get(event.kind, ""))


def _impatience(stage: Stage, now: float) -> Text:
    sentence = _("A real server waits minutes; this one tries again every {every:g} s, next in {left} s.")
    left = max(0, round(stage.next_flush - now))
    return _plain(sentence.format(every=stage.pace.flush, left=left), "dim")


def _plain(words: str, style: str = "") -> Text:
    return Text(words, style, no_wrap=True, overflow="ellipsis")


def _clock_face(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
