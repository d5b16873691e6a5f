"""Where the operator demands TLS of a receiving host, its mail waits rather than travel in the clear."""

import asyncio
import sys
from pathlib import Path

import pytest
from fakes.internet import change, received_by, simulated_internet
from fakes.posting import Letter, post
from fakes.running import Running, until
from youtong.mta.simulator.simulator import Simulator
from youtong.queue.states import RecipientState

pytestmark = pytest.mark.scenario

DEMANDS = 'require_tls = ["friendly.test"]\nverify_tls = ["gmail.test"]\n'
TO = "reader@friendly.test"
TO_VERIFIED = "reader@gmail.test"


async def test_mail_waits_for_tls_that_is_demanded_and_leaves_when_it_is_offered(tmp_path: Path) -> None:
    async with simulated_internet() as simulator:
        change(simulator, "friendly", dialog__starttls="none")
        server = Running(tmp_path, simulator, more=DEMANDS)
        await server.start()
        try:
            await post(server, [Letter("secret", (TO, TO_VERIFIED))], connections=1)
            await _waits(server, TO)
            await _waits(server, TO_VERIFIED)
            assert received_by(simulator, TO) == []
            assert "TLS" in await _explained(server, TO)
            assert "certificate" in await _explained(server, TO_VERIFIED)
            change(simulator, "friendly", dialog__starttls="good")
            await _arrives(server, simulator)
            (arrived,) = received_by(simulator, TO)
            assert arrived.tls
            assert received_by(simulator, TO_VERIFIED) == []  # its certificate is nobody's
        finally:
            await server.end()


async def _waits(server: Running, address: str) -> None:
    async def was_tried() -> bool:
        (row,) = server.rows("SELECT state, journal_seq FROM recipient WHERE address = ?", address)
        return row[0] == int(RecipientState.SCHEDULED) and bool(row[1])

    await until(was_tried, f"{address} was not tried")


async def _arrives(server: Running, simulator: Simulator) -> None:
    async def has_arrived() -> bool:
        await server.flush()
        return bool(received_by(simulator, TO))

    await until(has_arrived, "nothing left over TLS")


async def _explained(server: Running, address: str) -> str:
    child = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("youtong"), "explain", "recipient", address, "--config", server.config,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=server.environment(),
    )  # fmt: skip
    said, _ = await child.communicate()
    return said.decode()
