"""The demonstration at work: starts everything, keeps letters coming, and lets a view look at it.

Owns   the order of start and end, people's letters, the streams, the impatience (whom a receiver put off is tried again
       every few seconds), and reading queue and owner for the picture.
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
from ...queue.reading import QueueReader, reading
from ..control import NotRunning, Refused
from ..panorama import Panorama, gather
from ..texts import _, ngettext
from .campaigns import CAMPAIGNS, Campaign, send
from .internet import demo_settings
from .letters import letters
from .picture import Happening, Picture
from .posting import Postbox, PostingFailed
from .server import DemoServer

_PAGE = 2000


@dataclass(frozen=True)
class Pace:
    """How fast things go, in seconds."""

    letter: float = 0.45
    flush: float = 15.0
    look: float = 0.4
    room: int = 6  # letters of people that a provider put off; with more it gets none
    streams: float = 4.0  # when the first one begins; the others follow at such distances


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
        roles = (self._write_letters(postbox), self._send_streams(), self._press(), self._look(reader))
        parts = [asyncio.create_task(part) for part in roles]
        try:
            await asyncio.gather(*parts)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            await self._server.stop()
            await self._read(reader)
            self._view.show(self.stage)

    async def _write_letters(self, postbox: Postbox) -> None:
        picture, pace = self.stage.picture, self.stage.pace
        full = picture.full(pace.room)
        for letter in letters(self._random, full):
            try:
                await postbox.post(letter)
            except PostingFailed as error:
                self._server.check()
                self._note(_("The server did not accept a message: {why}").format(why=error))
            await asyncio.sleep(pace.letter * self._random.uniform(0.5, 1.5))
            full.clear()
            full |= picture.full(pace.room)

    async def _send_streams(self) -> None:
        """One after the other begins; each goes on beside the others."""
        async with asyncio.TaskGroup() as group:
            for campaign in CAMPAIGNS:
                await asyncio.sleep(self.stage.pace.streams)
                group.create_task(self._send(campaign))
        await asyncio.Event().wait()

    async def _send(self, campaign: Campaign) -> None:
        words = _("A stream begins: {name}, to {n} people")
        self._note(words.format(name=_(campaign.name), n=f"{campaign.recipients:,}"))
        try:
            account_id = self._server.accounts[campaign.domain]
            await send(campaign, account_id, self._server.ask_stream, self._random)
        except (NotRunning, Refused) as error:
            self._server.check()
            self._note(_("The server did not accept a stream: {why}").format(why=error))

    async def _press(self) -> None:
        while True:
            await asyncio.sleep(max(0.0, self.stage.next_flush - self._clock.monotonic()))
            n = 0
            for group in self.stage.picture.put_off:
                try:
                    n += await self._server.flush(group.provider) if group.provider else 0
                except (NotRunning, Refused):
                    self._server.check()
            if n:
                self._note(_flushed(n))
            self.stage.next_flush = self._clock.monotonic() + self.stage.pace.flush

    async def _look(self, reader: QueueReader) -> None:
        while True:
            self._server.check()
            await self._read(reader)
            self._view.show(self.stage)
            await asyncio.sleep(self.stage.pace.look)

    async def _read(self, reader: QueueReader) -> None:
        """A few milliseconds here; owner and backlog are asked in a thread."""
        picture = self.stage.picture
        while facts := reader.facts_after(picture.seq, _PAGE):
            picture.follow(facts)
        picture.behold(await asyncio.to_thread(self._panorama))

    def _panorama(self) -> Panorama:
        config = self._server.config
        return gather(config, {}, self._clock)

    def _note(self, sentence: str) -> None:
        self.stage.picture.note(Happening(self._clock.now_ms(), sentence))


def _flushed(n: int) -> str:
    sentence = ngettext(
        "The demo is impatient: {n} waiting message is tried again at once",
        "The demo is impatient: {n} waiting messages are tried again at once",
        n,
    )
    return sentence.format(n=n)
