"""A process that serves sessions dies, or its owner does while it stands still: no accepted letter is lost."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.internet import own_domain, simulated_internet
from fakes.posting import Client, Fate, Letter, connect, fates, faults_of, letters, post
from fakes.running import Running, until
from youtong.mta.simulator.simulator import Simulator

pytestmark = pytest.mark.crash

DOMAINS = [own_domain(number) for number in range(4)]


@pytest.fixture
async def internet() -> AsyncIterator[Simulator]:
    async with simulated_internet(own=8) as simulator:
        yield simulator


@pytest.fixture
async def server(internet: Simulator, tmp_path: Path) -> AsyncIterator[Running]:
    running = Running(tmp_path, internet, workers=1, submission_processes=2)
    await running.start()
    await running.submission_pids()
    yield running
    await running.end()


def files(running: Running) -> set[str]:
    return {entry.name for entry in os.scandir(running.data_dir / "spool")}


def named(running: Running) -> set[str]:
    return {str(name) for (name,) in running.rows("SELECT spool FROM content WHERE spool IS NOT NULL")}


async def opened(running: Running) -> Client:
    client = await connect(running.port)
    assert client is not None
    return client


async def test_a_session_process_killed_under_load_loses_nothing_accepted_and_another_takes_its_place(
    server: Running, internet: Simulator
) -> None:
    sent = letters("killed", 80, DOMAINS, large_every=5)
    victim, survivor = await server.submission_pids()
    posting = asyncio.create_task(post(server, sent, connections=8))

    async def half_is_there() -> bool:
        return sum(letter.fate is Fate.ACCEPTED for letter in sent) >= 20

    await until(half_is_there, "letters are not accepted")
    os.kill(victim, signal.SIGKILL)
    late = Letter("late", (f"late@{DOMAINS[0]}",))
    client = await opened(server)
    await client.send(late)
    assert late.fate is Fate.ACCEPTED, "others accept at once"
    client.close()
    await posting
    assert fates(sent)[Fate.ACCEPTED] >= len(sent) - 8, "each connection loses one letter at most"
    now = await server.submission_pids()
    assert survivor in now
    assert victim not in now
    await server.quiet()
    assert faults_of([*sent, late], internet, server) == []


async def test_a_large_letter_that_was_arriving_leaves_no_file(server: Running) -> None:
    pids = await server.submission_pids()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"EHLO load.test\r\nMAIL FROM:<a@load.test>\r\nRCPT TO:<b@load.test>\r\nDATA\r\n")
    writer.write(b"Subject: large\r\n\r\n" + b"0123456789\r\n" * 20_000)
    await writer.drain()

    async def is_written() -> bool:
        return bool(files(server))

    await until(is_written, "no file was begun")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    await reader.read()
    writer.close()

    async def is_swept() -> bool:
        return not files(server)

    await until(is_swept, "its file was never swept")
    letter = Letter("after", (f"after@{DOMAINS[1]}",), octets=150_000)
    await post(server, [letter], connections=1)
    assert letter.fate is Fate.ACCEPTED, "somebody serves again"
    assert files(server) == named(server)


async def test_the_ports_of_a_killed_owner_are_free_for_the_next_although_a_session_process_stands_still(
    server: Running, internet: Simulator
) -> None:
    stopped, _ = await server.submission_pids()
    os.kill(stopped, signal.SIGSTOP)
    before = Letter("before", (f"before@{DOMAINS[2]}",))
    sent = letters("still", 12, DOMAINS)
    await server.kill()
    await server.start()
    assert not _runs(stopped)
    await post(server, [*sent, before])
    await server.quiet()
    assert faults_of([*sent, before], internet, server) == []
    assert fates([*sent, before]) == {Fate.ACCEPTED: 13}


async def test_sessions_end_with_their_owner(server: Running) -> None:
    clients = [await opened(server) for _ in range(4)]
    pids = await server.submission_pids()
    await server.kill()
    for client in clients:
        with pytest.raises((EOFError, OSError)):
            await client.send(Letter("gone", ("gone@load.test",)))
        client.close()

    async def are_gone() -> bool:
        return not any(_runs(pid) for pid in pids)

    await until(are_gone, "a session process outlived its owner")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
