"""The stream of a soak: chunks of recipients all the time, and a pause now and then.

Owns   what is enqueued, and the judgement: whoever was enqueued gets one letter; whose end is in doubt, one or none.
Knows  nothing of kills: a question that no server answers is asked again, with the same keys.
"""

import asyncio
import base64
import itertools
from random import Random

from fakes.internet import own_domain
from fakes.running import Running
from youtong.admin.control import NotRunning
from youtong.mta.simulator.simulator import Simulator

CHUNK = 50
_PAUSE_EVERY = 8  # chunks
_PAUSE_SECONDS = 2.0
_AGAIN_SECONDS = 0.3
_FIRST_DOMAIN = 6  # those before it put off, refuse or hang up (soak.soaking)


class Campaign:
    """Enqueues until `stop`."""

    def __init__(self, running: Running, domains: int, per_second: float, seed: int) -> None:
        self.addresses: list[str] = []
        self._running, self._domains, self._pause = running, domains, CHUNK / per_second
        self._random = Random(seed)
        self._numbers = itertools.count()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        number = await self._make()
        chunks = 0
        while not self._stopping.is_set():
            chunk = [self._address() for _ in range(CHUNK)]
            start = len(self.addresses)
            recipients = [(f"{start + at:08d}", who, {"name": f"N{at}"}) for at, who in enumerate(chunk)]
            self.addresses += chunk
            await self._ask(do="enqueue", stream_id=number, recipients=recipients)
            chunks += 1
            if chunks % _PAUSE_EVERY == 0:
                await self._change(number, "pause")
                await asyncio.sleep(_PAUSE_SECONDS)
                await self._change(number, "resume")
            await asyncio.sleep(self._pause)

    def faults(self, internet: Simulator, unconfirmed: set[str]) -> list[str]:
        copies = internet.ledger.accepted
        wrong = {who: copies.get(who, 0) for who in self.addresses if copies.get(who, 0) != 1}
        return [f"of the stream, {n} copies: {who}" for who, n in wrong.items() if n or who not in unconfirmed]

    def _address(self) -> str:
        return f"n{next(self._numbers)}@{own_domain(self._random.randrange(_FIRST_DOMAIN, self._domains))}"

    async def _make(self) -> int:
        text = {"head": b"From: <news@load.test>\r\nSubject: News\r\n\r\n", "body": b"Hello {{ name }}\r\n"}
        octets = {key: base64.b64encode(value).decode() for key, value in text.items()}
        new = {"account_id": 1, "name": "soak", "reverse_path": "news@load.test", "keeps_path": True, **octets}
        new["lifetime_ms"] = 86_400_000
        answer = await self._ask(do="create", stream=new)
        return int(str(answer["stream_id"]))

    async def _change(self, number: int, event: str) -> None:
        await self._ask(do="change", stream_id=number, event=event, reason="soak", who="soak")

    async def _ask(self, **question: object) -> dict[str, object]:
        while True:
            await self._running.up.wait()
            try:
                return await self._running.ask("owner", verb="stream", **question)
            except NotRunning:
                await asyncio.sleep(_AGAIN_SECONDS)
