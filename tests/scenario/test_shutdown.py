"""Stopping, starting and reloading a real server while letters go through it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.internet import change, own_domain, simulated_internet
from fakes.posting import Fate, Letter, doubted, fates, faults_of, letters, post
from fakes.running import PATIENCE_SECONDS, Running, until
from youtong.mta.simulator.simulator import Simulator

pytestmark = pytest.mark.scenario

DOMAINS = [own_domain(number) for number in range(4)]
STOP_SECONDS = 3  # the default of [server] stop_seconds


@pytest.fixture
async def internet() -> AsyncIterator[Simulator]:
    async with simulated_internet(own=8) as simulator:
        yield simulator


@pytest.fixture
async def server(internet: Simulator, tmp_path: Path) -> AsyncIterator[Running]:
    running = Running(tmp_path, internet)
    await running.start()
    yield running
    await running.end()


async def arrived(internet: Simulator, count: int) -> None:
    async def have_arrived() -> bool:
        return internet.ledger.messages >= count

    await until(have_arrived, f"{count} letters never arrived")


async def ended(running: Running, exit_code: int = 0) -> None:
    """It ends by itself; the test's patience is not the promise, the server's own log is."""
    assert running.process is not None
    assert await asyncio.wait_for(running.process.wait(), PATIENCE_SECONDS) == exit_code
    running.up.clear()


async def test_sigterm_under_load_loses_nothing_and_doubts_nothing(server: Running, internet: Simulator) -> None:
    sent = letters("term", 60, DOMAINS, large_every=10)
    posting = asyncio.create_task(post(server, sent))
    await arrived(internet, 20)
    assert await server.terminate() == 0
    assert [line for line in server.log().splitlines() if " ERROR " in line] == []
    await server.start()
    await posting
    await server.quiet()
    assert faults_of(sent, internet, server) == []
    assert not doubted(server), "what had reached its dot was waited for"


async def test_sigterm_to_every_process_at_once_loses_nothing_and_doubts_nothing(
    server: Running, internet: Simulator
) -> None:
    """What a terminal's Ctrl-C and most service managers do; the children leave when the owner says so."""
    sent = letters("all", 60, DOMAINS, large_every=10)
    posting = asyncio.create_task(post(server, sent))
    await arrived(internet, 20)
    for pid in reversed(server.family()):
        os.kill(pid, signal.SIGTERM)
    await ended(server)
    await server.start()
    await posting
    await server.quiet()
    assert faults_of(sent, internet, server) == []
    assert not doubted(server)


async def test_an_answer_that_never_comes_does_not_hold_the_end_up_and_leaves_a_doubt(
    server: Running, internet: Simulator
) -> None:
    letter = Letter("hang", ("hang@hang-dot.test",))
    await post(server, [letter])
    await marked(server)
    assert await asyncio.wait_for(server.terminate(), STOP_SECONDS * 3) == 0
    await server.start()
    assert doubted(server)[letter.recipients[0]] == 1
    change(internet, "hang-dot", rule=[])
    await server.quiet()
    assert faults_of([letter], internet, server) == []


async def marked(running: Running) -> None:
    """Until a worker has left a mark: a final dot is on its way."""

    async def has_mark() -> bool:
        return any(path.stat().st_size > 16 for path in (running.data_dir / "run").glob("worker-*.marks"))

    await until(has_mark, "no final dot was ever sent")


async def test_waiting_letters_survive_a_restart_and_keep_their_count_of_attempts(
    server: Running, internet: Simulator
) -> None:
    change(internet, "own5", rule=[{"at": "rcpt", "do": "reply", "reply": "451 4.3.0 Not now", "times": 1}])
    letter = Letter("wait", (f"wait@{own_domain(5)}",))
    await post(server, [letter])

    async def is_deferred() -> bool:
        return server.count("SELECT count(*) FROM recipient WHERE state = 0 AND attempts = 1") == 1

    await until(is_deferred, "the letter was never deferred")
    assert await server.terminate() == 0
    await server.start()
    assert await is_deferred()
    assert not internet.ledger.accepted
    await server.quiet()
    assert server.count("SELECT attempts FROM recipient") == 2
    assert internet.ledger.accepted == {letter.recipients[0]: 1}


async def test_sighup_under_load_reads_the_configuration_anew_and_closes_no_session(
    server: Running, internet: Simulator
) -> None:
    sent = letters("hup", 80, DOMAINS)
    posting = asyncio.create_task(post(server, sent))
    await arrived(internet, 20)
    assert server.process is not None
    for generation in range(3):
        server.process.send_signal(signal.SIGHUP)
        await reloaded(server, generation + 1)
    await posting
    await server.quiet()
    assert fates(sent) == {Fate.ACCEPTED: len(sent)}
    assert faults_of(sent, internet, server) == []
    assert not doubted(server)
    mailed = sum(len(internet.providers[domain.split(".")[0]].log.mails) for domain in DOMAINS)
    assert server.count("SELECT count(*) FROM journal WHERE facts LIKE '%\"mailed\":true%'") == mailed, "Q4"


async def reloaded(running: Running, times: int) -> None:
    async def has_reloaded() -> bool:
        return running.log().count("reloaded generation=") >= times

    await until(has_reloaded, "it never said that it had reloaded")


async def test_sighup_with_a_broken_configuration_changes_nothing_and_says_so(
    server: Running, internet: Simulator
) -> None:
    await server.workers_live()
    good = server.config.read_text("utf-8")
    server.config.write_text(good + "[nonsense]\n", encoding="utf-8")
    assert server.process is not None
    server.process.send_signal(signal.SIGHUP)

    async def has_refused() -> bool:
        return "nothing was changed" in server.log()

    await until(has_refused, "it never said that it refused")
    letter = Letter("still", (f"still@{own_domain(6)}",))
    await post(server, [letter])
    await server.quiet()
    assert internet.ledger.accepted == {letter.recipients[0]: 1}


async def refusal(config: Path) -> list[str]:
    """The lines with which a server refuses to start."""
    refused = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("youtong")),
        *("serve", "--config", str(config)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(refused.communicate(), PATIENCE_SECONDS)
    assert refused.returncode == 1
    return said.decode().splitlines()


async def test_a_second_server_on_the_same_address_refuses_with_one_sentence(
    server: Running, internet: Simulator, tmp_path: Path
) -> None:
    second = Running(tmp_path / "second", internet)
    second.config.write_text(server.config.read_text("utf-8"), encoding="utf-8")
    said = await refusal(second.config)
    assert len(said) == 1, said
    assert str(server.port) in said[0]


async def test_a_second_server_on_the_same_data_folder_refuses_with_one_sentence_and_harms_nothing(
    server: Running, internet: Simulator, tmp_path: Path
) -> None:
    second = tmp_path / "second.toml"
    text = server.config.read_text("utf-8")
    second.write_text(text.replace(f'"127.0.0.1:{server.port}"', '"127.0.0.1:0"'), encoding="utf-8")
    said = await refusal(second)
    assert len(said) == 1, said
    assert str(server.data_dir) in said[0]
    letter = Letter("first", (f"first@{own_domain(7)}",))
    await post(server, [letter])
    await server.quiet()
    assert internet.ledger.accepted == {letter.recipients[0]: 1}
