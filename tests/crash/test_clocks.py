"""No clock frees or steals a lease (Q2): a worker is stopped, the owner's clock jumps, the worker goes on."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.internet import change, own_domain, received_by, simulated_internet
from fakes.owner_here import MovedClock, owner_here
from fakes.posting import Letter, doubted, faults_of, post
from fakes.running import Running, until
from youtong.mta.simulator.simulator import Simulator

pytestmark = pytest.mark.crash
TEN_MINUTES, DAY = 600.0, 86_400.0


@pytest.fixture
async def internet() -> AsyncIterator[Simulator]:
    async with simulated_internet(own=8) as simulator:
        yield simulator


async def settled(running: Running, address: str, state: int, *, attempts: int = 0) -> None:
    async def is_there() -> bool:
        rows = running.rows("SELECT state FROM recipient WHERE address = ? AND attempts >= ?", address, attempts)
        return rows == [(state,)]

    await until(is_there, f"{address} never reaches state {state}")


async def test_a_stopped_worker_keeps_its_leases_while_ten_minutes_pass(internet: Simulator, tmp_path: Path) -> None:
    change(internet, "own0", rule=[{"at": "mail", "do": "wait", "seconds": 0.3}])
    running, clock = Running(tmp_path, internet), MovedClock()
    async with owner_here(running.config, clock):
        running.up.set()
        await running.workers_live()
        held = Letter("held", (f"held@{own_domain(0)}",))
        await post(running, [held])
        await settled(running, held.recipients[0], 1)
        workers = running.worker_pids()
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        lease = running.rows("SELECT lease FROM recipient")
        for _ in range(3):
            clock.advance(TEN_MINUTES)
            await running.flush()  # goes through the owner's loop and store, so it had its chance
        assert running.rows("SELECT lease FROM recipient") == lease
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        await running.quiet()
        assert faults_of([held], internet, running) == []
        assert internet.ledger.accepted == {held.recipients[0]: 1}


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["forward", "back"])
async def test_a_wall_clock_that_jumps_a_day_loses_nothing_and_repeats_nothing(
    jump: float, internet: Simulator, tmp_path: Path
) -> None:
    change(internet, "own1", rule=[{"at": "rcpt", "do": "reply", "reply": "451 4.3.0 Not now", "times": 1}])
    change(internet, "own2", rule=[{"at": "mail", "do": "wait", "seconds": 1}])
    running, clock = Running(tmp_path, internet), MovedClock()
    async with owner_here(running.config, clock):
        running.up.set()
        await running.workers_live()
        before = [Letter("deferred", (f"deferred@{own_domain(1)}",)), Letter("going", (f"going@{own_domain(2)}",))]
        await post(running, before, connections=1)
        await settled(running, before[0].recipients[0], 0, attempts=1)
        await settled(running, before[1].recipients[0], 1)
        clock.jump(jump)
        after = Letter("after", (f"after@{own_domain(3)}",))
        await post(running, [after])
        await settled(running, after.recipients[0], 10)
        await settled(running, before[1].recipients[0], 10)
        if jump > 0:
            await settled(running, before[0].recipients[0], 10)  # its time has come, nobody had to flush
        await running.quiet()
        assert faults_of([*before, after], internet, running) == []
        assert not doubted(running)
        assert len(received_by(internet, before[0].recipients[0])) == 1
