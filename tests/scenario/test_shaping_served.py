"""A served shaping file: its numbers hold on the wire, a reload brings new ones, a faulty one changes nothing."""

import asyncio
import sys
from pathlib import Path

import pytest
from fakes.internet import change, received_by, simulated_internet
from fakes.posting import Letter, post
from fakes.running import Running, until
from fakes.shaping import write_shaping
from youtong.mta.simulator.simulator import Simulator
from youtong.queue.states import RecipientState

pytestmark = pytest.mark.scenario

STRICT = 'base = "shipped"\n[provider.test-friends]\ndomains = ["friendly.test"]\ntls = "required"\n'
TO = "reader@friendly.test"


async def test_a_provider_of_the_operators_holds_on_the_wire_and_follows_a_reload(tmp_path: Path) -> None:
    async with simulated_internet() as simulator:
        change(simulator, "friendly", dialog__starttls="none")
        write_shaping(tmp_path, STRICT)
        server = Running(tmp_path, simulator)
        await server.start()
        try:
            await post(server, [Letter("secret", (TO,))], connections=1)
            await until(lambda: _was_tried(server), f"{TO} was not tried")
            assert received_by(simulator, TO) == []
            faulty = write_shaping(tmp_path, STRICT.replace("tls", "tsl"))
            code, told = await _reload(server)
            assert code == 1
            assert f"{faulty}:4: [provider.test-friends] tsl: is no key of this table, did you mean tls?" in told
            write_shaping(tmp_path, STRICT.replace("required", "opportunistic"))
            assert (await _reload(server))[0] == 0
            await until(lambda: _has_arrived(server, simulator), "nothing left after the reload")
        finally:
            await server.end()


async def _was_tried(server: Running) -> bool:
    (row,) = server.rows("SELECT state, journal_seq FROM recipient WHERE address = ?", TO)
    return row[0] == int(RecipientState.SCHEDULED) and bool(row[1])


async def _has_arrived(server: Running, simulator: Simulator) -> bool:
    await server.flush()
    return bool(received_by(simulator, TO))


async def _reload(server: Running) -> tuple[int | None, str]:
    program = Path(sys.executable).with_name("youtong")
    child = await asyncio.create_subprocess_exec(
        program, "reload", "--config", server.config, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    told, _ = await child.communicate()
    return child.returncode, told.decode()
