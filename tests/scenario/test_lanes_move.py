"""Two workers, six busy lanes, workers killed: the lanes move to whoever lives and back, no receiver sees one
connection or MAIL too many, and every letter arrives (Q1, Q4)."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from fakes.limits_drawn import Drawn, shaping_file, simulated_internet_of
from fakes.posting import Fate, Letter, fates, faults_of, post
from fakes.running import Running, until
from youtong.admin.control import NotRunning
from youtong.mta.simulator.behaviours import WindowKind
from youtong.mta.simulator.judge import judge
from youtong.mta.simulator.simulator import start

pytestmark = pytest.mark.scenario

LANES = 6
PER_LANE = 420  # letters; fourteen seconds' worth
KILLS = 2


def provider(number: int) -> Drawn:
    """Thirty a second on two connections; who sends more or opens a third is refused and found by the judge."""
    return Drawn(number, ((30, 1),), ((6, 1),), 2, 40, WindowKind.SLIDING, True, 1)


async def lanes_of(running: Running, slot: int) -> int:
    try:
        lanes = (await running.ask(f"worker-{slot}", verb="status"))["lanes"]
    except NotRunning:
        return 0
    assert isinstance(lanes, int)
    return lanes


@pytest.mark.timeout(120)
async def test_lanes_move_to_the_living_and_back_and_no_limit_is_exceeded(tmp_path: Path) -> None:
    providers = [provider(number) for number in range(LANES)]
    internet = await start(simulated_internet_of(providers))
    running = Running(tmp_path, internet)
    (tmp_path / "shaping.toml").write_text(shaping_file(providers), encoding="utf-8")
    letters = [
        Letter(f"m{each.number}.{number}", (each.address(number),)) for number in range(PER_LANE) for each in providers
    ]

    async def are_spread() -> bool:
        return min([await lanes_of(running, slot) for slot in (0, 1)]) >= LANES // 2 - 1

    began = time.monotonic()
    try:
        await running.start()
        await running.workers_live(2)
        posting = asyncio.create_task(post(running, letters, connections=4))
        for _ in range(KILLS):
            await until(are_spread, "the lanes stay with one worker", 40)
            os.kill(running.worker_pids()[0], signal.SIGKILL)
            await asyncio.sleep(0.3)
        await until(are_spread, "the lanes stay with one worker", 40)
        await posting
        await running.quiet()
    finally:
        await running.end()
        await internet.stop()
    assert fates(letters) == {Fate.ACCEPTED: len(letters)}
    assert faults_of(letters, internet, running) == []
    for each in providers:
        findings = [judge(internet.providers[each.name].log, bound) for bound in each.bounds(began, float("inf"))]
        assert [str(finding) for finding in findings if finding.excess > 1] == []
