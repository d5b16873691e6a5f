"""Owner and workers die at random moments under load. SOAK_SHARE=1 is 500 deaths, CI does one in a hundred."""

import asyncio
import os
import signal
from pathlib import Path
from random import Random

import pytest
from fakes.internet import own_domain, simulated_internet
from fakes.posting import Fate, Letter, fates, faults_of, letters, post
from fakes.running import Running, until
from youtong.mta.simulator.simulator import Simulator

pytestmark = pytest.mark.crash

SHARE = float(os.environ.get("SOAK_SHARE", "0.01"))
DEATHS = max(5, round(500 * SHARE))
LETTERS = 20  # posted in each round: far from what the limits (Q4) allow a provider in a minute
DOMAINS = 900
SEED = int(os.environ.get("CRASH_SEED", "20261123"))


@pytest.mark.timeout(0 if SHARE >= 1 else 120)
async def test_nothing_is_lost_and_nothing_sent_twice_without_a_mark_through_deaths_at_random(tmp_path: Path) -> None:
    random = Random(SEED)
    sent: list[Letter] = []
    async with simulated_internet(DOMAINS) as internet:
        running = Running(tmp_path, internet)
        await running.start()
        for number in range(DEATHS):
            batch = letters(f"r{number}", LETTERS, _domains(random), large_every=10)
            sent += batch
            posting = asyncio.create_task(post(running, batch, connections=6))
            await _some_arrive(internet, random.randrange(3 * LETTERS))
            await _kill_one(running, random)
            await posting
        await running.quiet()
        assert faults_of(sent, internet, running) == []
        assert fates(sent)[Fate.ACCEPTED] >= len(sent) - 6 * DEATHS, "each connection loses one letter a death at most"
        await running.counted()
        await running.end()


def _domains(random: Random) -> list[str]:
    """Others in each round, so that no provider's limit makes the next round wait."""
    return [own_domain(number) for number in random.sample(range(DOMAINS), 3)]


async def _some_arrive(internet: Simulator, count: int) -> None:
    """Until the receivers have taken so many more; a round has at least as many."""
    wanted = internet.ledger.messages + count

    async def have_arrived() -> bool:
        return internet.ledger.messages >= wanted

    await until(have_arrived, f"{count} more letters never arrived")


async def _kill_one(running: Running, random: Random) -> None:
    workers = running.worker_pids()
    victim = random.choice(["owner", "everything", *["worker"] * 3]) if workers else "owner"
    if victim == "worker":
        os.kill(random.choice(workers), signal.SIGKILL)
        return
    if victim == "everything":
        for pid in running.family()[1:]:
            os.kill(pid, signal.SIGKILL)
    await running.kill()
    await running.start()
