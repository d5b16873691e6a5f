"""The mixed load of a soak: letters posted at a steady pace, by clients that come back after every death.

Owns   what is posted, what each client learned of it, and how long every 250 took.
Knows  nothing of kills or samples.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from random import Random

from fakes.internet import own_domain
from fakes.posting import Client, Fate, Letter, connect
from fakes.running import Running

SESSIONS = 6
_LARGE_EVERY = 40
_IDLE_SECONDS = 0.02


class Load:
    """Posts until `stop`. `letters` are all that were begun, `waits` the seconds of each answer since `take_waits`."""

    def __init__(self, running: Running, domains: int, per_second: float, seed: int) -> None:
        self.letters: list[Letter] = []
        self._running, self._domains, self._pause = running, domains, SESSIONS / per_second
        self._random = Random(seed)
        self._numbers = itertools.count()
        self._waits: list[float] = []
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        await asyncio.gather(*(self._session() for _ in range(SESSIONS)))

    def stop(self) -> None:
        self._stopping.set()

    def take_waits(self) -> list[float]:
        taken, self._waits = self._waits, []
        return taken

    async def _session(self) -> None:
        async for client in self._clients():
            await self._post_until_lost(client)

    async def _clients(self) -> AsyncIterator[Client]:
        while not self._stopping.is_set():
            await self._running.up.wait()
            client = await connect(self._running.port)
            if client is not None:
                yield client
                client.close()

    async def _post_until_lost(self, client: Client) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            letter = self._next_letter()
            began = loop.time()
            try:
                await client.send(letter)
            except (OSError, EOFError):
                return
            if letter.fate is Fate.ACCEPTED:
                self._waits.append(loop.time() - began)
            await asyncio.sleep(max(_IDLE_SECONDS, self._pause - (loop.time() - began)))

    def _next_letter(self) -> Letter:
        number = next(self._numbers)
        to = tuple(f"s{number}.{n}@{own_domain(self._random.randrange(self._domains))}" for n in range(2))
        letter = Letter(f"s{number}", to, 150_000 if number % _LARGE_EVERY == 0 else 3000)
        self.letters.append(letter)
        return letter
