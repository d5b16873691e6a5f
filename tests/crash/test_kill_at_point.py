"""A process dies at every crash point; what the receivers counted says what became of the mail.

Owner and workers are real processes, started again after each death. Nothing that was answered with 250 is lost;
a letter comes twice only where its attempt ended in doubt (Q3); where it surely was not sent, nothing is doubted.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fakes.crash_points import CrashPoint, When, cases
from fakes.internet import FreshDomains, simulated_internet
from fakes.posting import Fate, Letter, doubted, fates, faults_of, letters, post
from fakes.running import Running
from youtong.mta.simulator.simulator import Simulator

pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="module")]

OWN = 600
_fresh = FreshDomains(OWN)


def at(when: When) -> pytest.MarkDecorator:
    every = [pytest.param(point, times, id=f"{point.name}:{times}") for point, times in cases(when)]
    return pytest.mark.parametrize(("point", "times"), every)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def internet() -> AsyncIterator[Simulator]:
    async with simulated_internet(OWN) as simulator:
        yield simulator


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(internet: Simulator, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """One data folder for all deaths: each finds what the earlier ones left."""
    async with Running(tmp_path_factory.mktemp("serving"), internet) as running:
        yield running


@at(When.SERVING)
async def test_nothing_is_lost_when_a_process_dies_under_load(
    point: CrashPoint, times: int, server: Running, internet: Simulator
) -> None:
    sent = letters(f"load-{point.name}-{times}", 12, _fresh.take(4), large_every=4)
    server.arm(point.name, times)
    posting = asyncio.create_task(post(server, sent))
    await server.revived()
    await posting
    await server.quiet()
    assert faults_of(sent, internet, server) == []
    assert fates(sent)[Fate.ACCEPTED] >= len(sent) - 4, "of four connections each loses one letter at most"


@at(When.SERVING)
async def test_one_letter_under_way_is_repeated_only_if_it_may_have_been_sent(
    point: CrashPoint, times: int, server: Running, internet: Simulator
) -> None:
    name = f"alone-{point.name}-{times}"
    letter = Letter(name, (f"{name}@{_fresh.take(4)[2]}",), octets=150_000)
    server.arm(point.name, times)
    posting = asyncio.create_task(post(server, [letter], connections=1))
    await server.revived()
    await posting
    await server.quiet()
    assert faults_of([letter], internet, server) == []
    copies = internet.ledger.accepted.get(letter.recipients[0], 0)
    if point.sent is False:
        assert copies <= 1
        assert not doubted(server)[letter.recipients[0]]
    elif point.sent is True:
        assert copies == 2, "the receiver had it, and people's mail is repeated rather than lost"


@at(When.STARTING)
async def test_nothing_is_lost_when_a_process_dies_while_the_server_starts_again(
    point: CrashPoint, times: int, server: Running, internet: Simulator
) -> None:
    sent = letters(f"start-{point.name}-{times}", 12, _fresh.take(4), large_every=4)
    server.arm("delivery.dot.before", 2)  # so that the start finds leases and marks
    posting = asyncio.create_task(post(server, sent))
    await server.revived()
    await server.kill()
    server.arm(point.name, times)
    await server.spawn()
    if not await server.revived():
        await server.answers()
    await posting
    await server.quiet()
    assert faults_of(sent, internet, server) == []


@at(When.FIRST_START)
async def test_a_first_start_that_was_cut_off_is_simply_repeated(
    point: CrashPoint, times: int, internet: Simulator, tmp_path: Path
) -> None:
    running = Running(tmp_path, internet, workers=1)
    running.arm(point.name, times)
    await running.spawn()
    if not await running.revived():
        await running.answers()
    sent = letters(f"first-{point.name}-{times}", 2, _fresh.take(4))
    await post(running, sent, connections=1)
    await running.quiet()
    assert fates(sent) == {Fate.ACCEPTED: 2}
    assert faults_of(sent, internet, running) == []
    await running.end()


async def test_the_follower_counts_each_journal_row_once_through_all_these_deaths(server: Running) -> None:
    """Q9. Runs last: the folder has seen every death above, of the jobs process too."""
    await server.quiet()
    await server.counted()
