"""The demonstration at work: starts everything, keeps letters coming, and lets a view look at it.

Owns   the order of start and end, the stream of letters, the impatience (all that waits is tried again every few
       seconds), and reading the queue for the picture.
Knows  nothing of terminals: a `View` is given.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

from ...mta.clock import Clock
from ...mta.simulator.ledger import Ledger
from ...mta.simulator.simulator import start as start_simulator
from ...queue.reading import QueueReader, Wanted, reading
from ..control import NotRunning, Refused
from ..texts import _, ngettext
from .internet import demo_settings
from .letters import letters
from .picture import Happening, Picture
from .posting import Postbox, PostingFailed
from .server import DemoServer

_PAGE = 500
_MOST_UNFINISHED = 2000  # far more than the groups' room


@dataclass(frozen=True)
class Pace:
    """How fast things go, in seconds."""

    letter: float = 0.45
    flush: float = 15.0
    look: float = 0.4
    room: int = 12  # unfinished letters in a group; with more it gets none


@dataclass
class Stage:
    """What a view may look at. `ledger` is the receivers' own count, there once they are up."""

    picture: Picture
    pace: Pace
    config_file: Path
    started: float  # monotonic seconds
    next_flush: float = 0.0
    ledger: Ledger | None = None


class View(Protocol):
    def show(self, stage: Stage) -> None:
        """Called several times a second, and once at the end."""
        ...


class Demonstration:
    """`run` goes on until it is cancelled, and has ended everything when it returns."""

    def __init__(self, folder: Path, view: View, clock: Clock, pace: Pace, random: Random) -> None:
        self._view, self._clock, self._random = view, clock, random
        self._server = DemoServer(folder, clock)
        self.stage = Stage(Picture(), pace, self._server.config_file, clock.monotonic())

    async def run(self) -> None:
        """Raises ServerEnded, OSError, StorageError, StoreError; asyncio.CancelledError when told to end."""
        keys = await asyncio.to_thread(self._server.make_keys)
        simulator = await start_simulator(demo_settings(keys), self._clock)
        self.stage.ledger = simulator.ledger
        try:
            postbox = await self._server.make_accounts()
            await self._server.start("{}:{}".format(*simulator.dns_address), simulator.port)
            with reading(self._server.data_dir) as reader:
                await self._play(postbox, reader)
        finally:
            await self._server.stop()
            await simulator.stop()

    async def _play(self, postbox: Postbox, reader: QueueReader) -> None:
        """Until one of the parts fails, or we are cancelled; then a last look at how it ended."""
        self.stage.next_flush = self._clock.monotonic() + self.stage.pace.flush
        parts = [asyncio.create_task(part) for part in (self._stream(postbox), self._press(), self._look(reader))]
        try:
            await asyncio.gather(*parts)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            await self._server.stop()
            self._read(reader)
            self._view.show(self.stage)

    async def _stream(self, postbox: Postbox) -> None:
        picture, pace = self.stage.picture, self.stage.pace
        full = picture.full(pace.room)
        for letter in letters(self._random, full):
            try:
                await postbox.post(letter)
            except PostingFailed as error:
                self._server.check()
                self._note(_("The server did not take a letter: {why}").format(why=error))
            await asyncio.sleep(pace.letter * self._random.uniform(0.5, 1.5))
            full.clear()
            full |= picture.full(pace.room)

    async def _press(self) -> None:
        while True:
            await asyncio.sleep(max(0.0, self.stage.next_flush - self._clock.monotonic()))
            try:
                n = await self._server.flush()
            except (NotRunning, Refused):
                self._server.check()
                n = 0
            if n:
                self._note(_flushed(n))
            self.stage.next_flush = self._clock.monotonic() + self.stage.pace.flush

    async def _look(self, reader: QueueReader) -> None:
        while True:
            self._server.check()
            self._read(reader)
            self._view.show(self.stage)
            await asyncio.sleep(self.stage.pace.look)

    def _read(self, reader: QueueReader) -> None:
        """A few milliseconds: what is unfinished stays little."""
        picture = self.stage.picture
        while facts := reader.facts_after(picture.seq, _PAGE):
            picture.follow(facts)
        picture.look(reader.listed(Wanted(), _MOST_UNFINISHED))

    def _note(self, sentence: str) -> None:
        self.stage.picture.note(Happening(self._clock.now_ms(), sentence))


def _flushed(n: int) -> str:
    sentence = ngettext(
        "The demo is impatient: {n} letter that waits is tried again at once",
        "The demo is impatient: {n} letters that wait are tried again at once",
        n,
    )
    return sentence.format(n=n)
