"""`youtong top`: what limits what, live.

Owns   the verb: a live page in a terminal, one table into a pipe or with --once, one object with --json.
Knows  no layout (top_page), no keys (top_view), no escape sequence (top_terminal).
"""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import click

from ..panorama import Panorama, gather
from ..texts import _
from . import top_page
from .frame import clock, config_option, json_option, loaded, teaching
from .output import console, print_json
from .queue_frame import account_names, asked
from .top_terminal import Painter, Terminal
from .top_view import Quit, Sort, View, pressed

_LOOK_SECONDS = 0.5  # how soon a changed size of the terminal is seen
_SORTS = {sort.name.lower(): sort for sort in Sort}


class Feed:
    """Gathers in a thread, so that a key is answered though the server is slow. `fd` is readable when there is news."""

    def __init__(self, gather_one: Callable[[], Panorama], seconds: float) -> None:
        self.fd, self._bell = os.pipe()
        self.newest: Panorama | None = None
        self.fault: Exception | None = None
        self._gather, self._seconds = gather_one, seconds
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="top", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """At once: a question under way ends with the process."""
        self._ends.set()

    def heard(self) -> None:
        """Empty the bell. Raises what the last gathering raised."""
        os.read(self.fd, 4096)
        if self.fault is not None:
            raise self.fault

    def _run(self) -> None:
        while not self._ends.is_set():
            try:
                self.newest = self._gather()
            except Exception as error:  # noqa: BLE001 - told to the thread that shows it
                self.fault = error
            os.write(self._bell, b".")
            self._ends.wait(self._seconds)


@click.command(
    **teaching(
        _("Watch what waits, what leaves, and what limits it."),
        _("A line for each provider: messages that wait and that are ready, connections and messages against their "
          "limits, how many are deferred, and what limits it now, with the place that says so. Keys are named in the "
          "last line."),
        examples=("youtong top", "youtong top --once", "youtong top --sort deferred --filter outlook"),
    )
)  # fmt: skip
@click.option("--once", is_flag=True, help=_("Print one table and end."))
@click.option(
    "--interval",
    type=click.FloatRange(0.2, 3600),
    default=2.0,
    show_default=True,
    help=_("Seconds between two looks."),
)
@click.option(
    "--sort", type=click.Choice(list(_SORTS)), default="waiting", show_default=True, help=_("The column to sort by.")
)
@click.option("--filter", "words", default="", metavar="TEXT", help=_("Only names that contain this."))
@click.option("--streams", is_flag=True, help=_("Begin with streams and senders, not with providers."))
@config_option
@json_option
def top(*, once: bool, interval: float, sort: str, words: str, streams: bool, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    names = account_names(config)
    view = View(sort=_SORTS[sort], words=words, shows_flows=streams)
    if as_json:
        print_json(asked(lambda: gather(config, names, clock)))
    elif once or not sys.stdout.isatty() or not sys.stdin.isatty():
        _print_once(asked(lambda: gather(config, names, clock)), view)
    else:
        feed = Feed(lambda: gather(config, names, clock), interval)
        asked(lambda: live(feed, view, Terminal(sys.stdin.fileno(), sys.stdout.fileno())))


def _print_once(panorama: Panorama, view: View) -> None:
    terminal = console()
    for line in top_page.table(panorama, view, terminal.width):
        line.rstrip()
        terminal.print(line, no_wrap=True, overflow="ellipsis", crop=True)


def live(feed: Feed, view: View, terminal: Terminal) -> None:
    """Until somebody quits. Raises StorageError and Refused, with the terminal given back."""
    painter, shown = Painter(coloured="NO_COLOR" not in os.environ), None
    feed.start()
    try:
        with terminal:
            while True:
                keys, rings = terminal.wait(feed.fd, _LOOK_SECONDS)
                if rings:
                    feed.heard()
                after = _after(view, keys)
                if isinstance(after, Quit):
                    return
                view = after
                shown = shown if view.is_paused and shown is not None else feed.newest
                if shown is not None:
                    width, height = terminal.size
                    terminal.write(painter.paint(top_page.page(shown, view, width, height), (width, height)))
    except KeyboardInterrupt:
        return
    finally:
        feed.stop()


def _after(view: View, keys: list[str]) -> View | Quit:
    for key in keys:
        after = pressed(view, key)
        if isinstance(after, Quit):
            return after
        view = after
    return view
