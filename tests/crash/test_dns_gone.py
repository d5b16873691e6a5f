"""The name server falls silent while mail flows: domains rest, no recipient pays for it, and all arrives afterwards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fakes.internet import own_domain, simulated_internet
from fakes.posting import Fate, doubted, fates, faults_of, letters, post
from fakes.running import Running, until

pytestmark = pytest.mark.crash


class Gate(asyncio.DatagramProtocol):
    """Passes questions on to a name server and its answers back, while it is open."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.is_open = True
        self.unanswered = 0
        self._server = server
        self._passing: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.is_open:
            self.unanswered += 1
            return
        task = asyncio.create_task(self._pass(data, addr))
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)

    async def _pass(self, data: bytes, addr: tuple[str, int]) -> None:
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        class Once(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                if not answer.done():
                    answer.set_result(data)

        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Once, remote_addr=self._server)
        transport.sendto(data)
        self._transport.sendto(await answer, addr)
        transport.close()


@asynccontextmanager
async def gate_before(server: tuple[str, int]) -> AsyncIterator[tuple[Gate, str]]:
    loop = asyncio.get_running_loop()
    transport, gate = await loop.create_datagram_endpoint(lambda: Gate(server), local_addr=("127.0.0.1", 0))
    try:
        yield gate, "{}:{}".format(*transport.get_extra_info("sockname"))
    finally:
        transport.close()


async def test_a_name_server_that_falls_silent_costs_time_and_nothing_else(tmp_path: Path) -> None:
    async with simulated_internet(own=12) as internet, gate_before(internet.dns_address) as (gate, address):
        running = Running(tmp_path, internet)
        text = running.config.read_text("utf-8").replace("{}:{}".format(*internet.dns_address), address)
        running.config.write_text(text, encoding="utf-8")
        await running.start()
        before = letters("before", 4, [own_domain(n) for n in range(4)])
        await post(running, before)
        gate.is_open = False
        during = letters("during", 4, [own_domain(n) for n in range(4, 8)])
        await post(running, during)
        assert fates(during) == {Fate.ACCEPTED: 4}, "a client is not made to wait for a name server"
        await until(lambda: _was_asked(gate), "nobody asked the silent server")
        gate.is_open = True
        await running.quiet()
        assert faults_of([*before, *during], internet, running) == []
        assert not doubted(running)
        assert running.count("SELECT max(attempts) FROM recipient") == 1
        await running.end()


async def _was_asked(gate: Gate) -> bool:
    return gate.unanswered > 3
