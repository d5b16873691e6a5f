"""`youtong demo`: a real server at work in a simulated internet, for a newcomer without a domain.

Owns   the verb: its folder, how long it runs, which view, and the summary.
Knows  nothing of what is shown (admin.demo).
"""

import asyncio
import contextlib
import signal
from collections.abc import Generator
from pathlib import Path
from random import Random

import click
from rich.console import Console

from ...queue.returns.fates import Fate
from ...queue.storage.database import StorageError
from ..demo.folder import FolderUnusable, fresh_folder
from ..demo.lines import LineView
from ..demo.picture import Picture
from ..demo.screen import ScreenView
from ..demo.server import ServerEnded
from ..demo.show import Demonstration, Pace, View
from ..event_loop import run
from ..store import StoreError
from ..texts import _, ngettext
from .command_name import command, config_words, shown
from .frame import clock, teaching
from .output import print_facts

_FOLDER = Path("var", "demo")
_HINT_SECONDS = 6  # each is shown


@click.command(
    **teaching(
        _("Show a server at work in a simulated internet."),
        _("Starts a real server, forty receivers that behave like Gmail, Outlook, QQ, 163 and others (and some that "
          "are full, slow, dead or mistyped), three streams to thousands of people, and personal messages in "
          "between. Watch each leave at the pace that its receiver accepts. Nothing leaves this machine, and your "
          "own configuration and mail are not touched. Ctrl-C ends it."),
        examples=("youtong demo", "youtong demo --seconds 60", "youtong demo | head -50"),
    )
)  # fmt: skip
@click.option(
    "--seconds", type=click.FloatRange(min=0, min_open=True), default=None, help=_("End automatically after this time.")
)
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), default=_FOLDER, show_default=True, metavar="DIR",
    help=_("Where the demo's server keeps its files; emptied at the start."),
)  # fmt: skip
def demo(seconds: float | None, folder: Path) -> None:
    try:
        with fresh_folder(folder):
            run(_demo(folder.absolute(), seconds))
    except (FolderUnusable, ServerEnded, StorageError, StoreError) as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:  # the reader of our lines left
        raise
    except OSError as error:
        raise click.ClickException(_("The demo cannot start: {why}.").format(why=error)) from error


async def _demo(folder: Path, seconds: float | None) -> None:
    with _view(folder) as view:
        demonstration = Demonstration(folder, view, clock, Pace(), Random())
        task = asyncio.create_task(demonstration.run())
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(each, task.cancel)
        ended = loop.call_later(seconds, task.cancel) if seconds else None
        with contextlib.suppress(asyncio.CancelledError):
            await task
        if ended is not None:
            ended.cancel()
    _summarise(demonstration)


@contextlib.contextmanager
def _view(folder: Path) -> Generator[View]:
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal or console.is_dumb_terminal:
        click.echo(_("The demo starts. For a page that moves, run it in a terminal; Ctrl-C ends it."))
        yield LineView()
        return
    click.echo(_("The demo starts …"))
    with ScreenView(console, clock, lambda picture, width: _hint(picture, width, folder)) as view:
        yield view


def _hint(picture: Picture, width: int, folder: Path) -> list[str]:
    """Always of the same height, so that the page does not jump. A long command goes on after a backslash."""
    words = _("What limits what? Why does a message wait? In another terminal:")
    choice = _verbs(picture)
    turn = int(picture.at_ms / 1000 / _HINT_SECONDS) % len(choice)
    first, second = f"  {command()} {choice[turn]}", config_words(folder / "youtong.toml")
    return [words, first + second, ""] if len(first + second) < width else [words, f"{first} \\", f"   {second}"]


def _verbs(picture: Picture) -> list[str]:
    """What is worth typing now, by the names that are on the page."""
    found = ["top"]
    if picture.waiting_address:
        found.append(f"explain recipient {picture.waiting_address}")
    if busiest := picture.busiest:
        found += [f"explain site {busiest.domains[0]}", f"queue suspend --provider {busiest.provider}"]
    return found


def _summarise(demonstration: Demonstration) -> None:
    stage = demonstration.stage
    picture, ledger = stage.picture, stage.ledger
    totals = picture.totals
    sentence = ngettext(
        "{n} personal message and three streams were sent. Of all recipients:",
        "{n} personal messages and three streams were sent. Of all recipients:",
        picture.letters,
    )
    click.echo(sentence.format(n=picture.letters))
    print_facts(
        [
            ("  " + _("delivered"), str(totals.delivered)),
            ("  " + _("waits"), str(totals.unfinished)),
            ("  " + _("failed"), str(totals.bounced)),
            ("  " + _("bounced late"), str(picture.fates[Fate.HARD_LATE] + picture.fates[Fate.SOFT_LATE])),
            ("  " + _("complained"), str(picture.fates[Fate.COMPLAINT])),
            ("  " + _("auto-replies"), str(picture.answers)),
            ("  " + _("received twice"), str(len(ledger.duplicates()) if ledger is not None else 0)),
        ]
    )
    click.echo(_("The queue of the demo stays in {folder} until the next one; look into it with:").format(
        folder=shown(stage.config_file.parent)
    ))  # fmt: skip
    for verb in ("queue list", "stream list", "queue suspensions", "suppression list"):
        click.echo(f"  {command()} {verb}{config_words(stage.config_file)}")
