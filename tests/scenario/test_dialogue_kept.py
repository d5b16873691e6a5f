"""What was said is kept and explained, over real sockets: of a refusal, of a closed door, of a sample; no content."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fakes.internet import own_domain, simulated_internet
from fakes.posting import Letter, post
from fakes.running import Running, until
from youtong.mta.simulator.simulator import Simulator

pytestmark = pytest.mark.scenario


@pytest.fixture
async def internet() -> AsyncIterator[Simulator]:
    async with simulated_internet(2) as simulator:
        yield simulator


@pytest.fixture
async def server(internet: Simulator, tmp_path: Path) -> AsyncIterator[Running]:
    made = Running(tmp_path, internet, workers=1)
    text = made.config.read_text(encoding="utf-8")
    made.config.write_text(text.replace("[delivery]\n", "[delivery]\ndialogue_sample = 2\n"), encoding="utf-8")
    await made.start()
    yield made
    await made.end()


async def _explained(server: Running, address: str, *more: str) -> str:
    child = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("youtong"), "explain", "recipient", address, *more, "--config", server.config,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    said, _ = await child.communicate()
    assert child.returncode == 0, said.decode()
    return said.decode()


async def _last(server: Running, address: str) -> dict[str, Any]:
    """The last attempt for an address, when there was one."""
    last: list[dict[str, Any]] = []

    async def attempted() -> bool:
        (told,) = json.loads(await _explained(server, address, "--json"))
        last[:] = [told["last"] or told["ending"]] if told["last"] or told["ending"] else []
        return bool(last)

    await until(attempted, f"{address} was never attempted")
    return last[0]


def _lines(attempt: dict[str, Any]) -> list[str]:
    return [f"{line['who']}: {line['words']}" for line in attempt["dialogue"]]


async def test_a_refused_recipient_shows_the_whole_dialogue_even_with_the_server_down(server: Running) -> None:
    address = "unknown1@friendly.test"
    await post(server, [Letter("refused", (address,))], connections=1)
    lines = _lines(await _last(server, address))
    assert lines[0].startswith("connected: ")
    assert any(line.startswith("C: EHLO ") for line in lines)
    assert f"C: RCPT TO:<{address}>" in [line.split(" NOTIFY")[0].split(" ORCPT")[0] for line in lines]
    assert "S: 550 5.1.1 User unknown" in lines
    await server.end()
    shown = await _explained(server, address)
    assert "S: 550 5.1.1 User unknown" in shown
    assert "EHLO" not in shown
    assert "EHLO" in await _explained(server, address, "--dialogue")


async def test_a_closed_door_is_shown_as_it_was_closed(server: Running) -> None:
    address = "u1@busy.test"
    await post(server, [Letter("busy", (address,))], connections=1)
    lines = _lines(await _last(server, address))
    assert lines[0].startswith("connected: ")
    assert any(line.startswith("S: 421 4.3.2") for line in lines)
    assert not any("MAIL" in line for line in lines)


async def test_of_delivered_letters_one_in_so_many_is_kept_without_its_content(server: Running) -> None:
    addresses = [f"u{n}@{own_domain(0)}" for n in range(4)]
    for address in addresses:
        await post(server, [Letter(f"s{address[1]}", (address,))], connections=1)
        await _last(server, address)
    attempts = [await _last(server, address) for address in addresses]
    kept = [each for each in attempts if "dialogue" in each]
    assert len(kept) == 2
    assert any(line.startswith("content: ") for line in _lines(kept[0]))
    assert "Subject" not in json.dumps(kept)
