"""The owner dies while the world writes to us: what was answered with 250 is stored, whole; no file is left over."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fakes.crash_points import POINTS, When
from fakes.internet import simulated_internet
from fakes.posting import Client, Fate, Letter, connect
from fakes.running import Running, free_port

pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="module")]

_SHARED = {"commit.before", "commit.after", "spool-write.after", "spool-sync.before", "spool-sync.after"}
_DEATHS = [point.name for point in POINTS if When.INBOUND in point.when or point.name in _SHARED]
_numbers = itertools.count()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Running, int]]:
    """A server, and the port of its inbound listener."""
    port = free_port()
    async with simulated_internet() as internet:
        more = f'[inbound]\nlisten = "127.0.0.1:{port}"\n'
        running = Running(tmp_path_factory.mktemp("inbound"), internet, workers=1, more=more)
        await running.start()
        yield running, port
        await running.end()


def bounces(count: int) -> list[Letter]:
    """Letters to us; every second one outgrows a row."""
    to = ("postmaster@mta.test", "abuse@mta.test")
    return [
        Letter(f"in{next(_numbers)}", to, 150_000 if number % 2 else 200, reverse_path="") for number in range(count)
    ]


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("point", _DEATHS)
async def test_what_was_answered_with_250_is_stored_whole(point: str, times: int, server: tuple[Running, int]) -> None:
    running, port = server
    sent = bounces(12)
    running.arm(point, times)
    posting = [asyncio.create_task(_post(running, port, letters)) for letters in (sent[::3], sent[1::3], sent[2::3])]
    await running.revived()
    await asyncio.gather(*posting)
    stored = _stored(running)
    for letter in sent:
        copies = stored.count(letter.content())
        match letter.fate:
            case Fate.ACCEPTED:
                assert copies == 1, f"{letter.name} was answered with 250"
            case Fate.UNKNOWN:
                assert copies <= 1
            case _:
                assert not copies, f"{letter.name}: {letter.fate}"
    assert sum(letter.fate is Fate.ACCEPTED for letter in sent) >= len(sent) - 3, "each connection loses one at most"
    assert _files(running) == _named(running), "a file that no row names, or the other way round"


async def _post(running: Running, port: int, letters: list[Letter]) -> None:
    """Each letter once, over one connection that is made again when it is lost."""
    client: Client | None = None
    for letter in letters:
        while client is None:
            await running.up.wait()
            client = await connect(port)
        try:
            await client.send(letter)
        except (OSError, EOFError):
            client.close()
            client = None
    if client is not None:
        client.close()


def _stored(running: Running) -> list[bytes]:
    """Every stored message without our Received field."""
    spool = running.data_dir / "spool"
    found: list[bytes] = []
    for head, body, name in running.rows("SELECT head, body, spool FROM inbound JOIN inbound_content USING (seq)"):
        assert isinstance(head, bytes)
        octets = body if isinstance(body, bytes) else (spool / str(name)).read_bytes()
        found.append(head[head.index(b"From:") :] + octets)
    return found


def _files(running: Running) -> set[str]:
    return {path.name for path in Path(running.data_dir / "spool").iterdir()}


def _named(running: Running) -> set[str]:
    return {str(name) for (name,) in running.rows("SELECT spool FROM inbound_content WHERE spool IS NOT NULL")}
