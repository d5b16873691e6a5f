"""Q4, judged by the receivers' log: limits drawn from a seed, fixed and sliding windows, quotas, connections; changed
while mail flows, a worker killed, the owner killed.

`make soak` does many seeds (SOAK_SHARE=1: 20), `make test` one; LIMITS_SEED chooses the first.
"""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest
from fakes.limits_drawn import Drawn, drawn, redrawn, shaping_file, simulated_internet_of
from fakes.posting import Letter, post
from fakes.running import Running, until
from youtong.mta.simulator.behaviours import WindowKind
from youtong.mta.simulator.judge import Bound, Finding, What, judge
from youtong.mta.simulator.simulator import Simulator, start

pytestmark = pytest.mark.scenario

SHARE = float(os.environ.get("SOAK_SHARE", "0.01"))
FIRST_SEED = int(os.environ.get("LIMITS_SEED", "4"))
SEEDS = range(FIRST_SEED, FIRST_SEED + max(1, round(20 * SHARE)))
PROVIDERS = 8
TOLERANCE = 1  # event, by the receiver's count
SETTLED_SECONDS = 1.0  # after a change: what had left the owner by then may still leave the worker
STRETCH = 4.0  # seconds between two events of the run
SECONDS = 5 * STRETCH
FOR_EVER = float("inf")


class Run:
    """One server, its internet, and the limits in force over time."""

    def __init__(self, folder: Path, internet: Simulator, providers: list[Drawn]) -> None:
        self.folder, self.internet, self.providers = folder, internet, providers
        self.running = Running(folder, internet)
        self.bounds: dict[str, list[Bound]] = {each.name: [] for each in providers}
        self.since = 0.0
        (folder / "shaping.toml").write_text(shaping_file(providers), encoding="utf-8")

    async def change(self, providers: list[Drawn]) -> None:
        """Other limits at both ends. Between the two stretches nobody can say which limits a MAIL was sent under."""
        self._note(time.monotonic())
        self.providers = providers
        for each in providers:
            receiver = self.internet.providers[each.name]
            if each.is_enforced:  # generous until what is under way has come
                receiver.apply(msgspec.structs.replace(receiver.settings, window=()))
        (self.folder / "shaping.toml").write_text(shaping_file(providers), encoding="utf-8")
        await self.running.ask("owner", verb="reload")
        self.since = time.monotonic() + SETTLED_SECONDS
        await asyncio.sleep(SETTLED_SECONDS)
        for each in providers:
            settings = each.settings()
            receiver = self.internet.providers[each.name]
            receiver.apply(msgspec.structs.replace(receiver.settings, window=settings.window, limits=settings.limits))

    def _note(self, until: float) -> None:
        for each in self.providers:
            self.bounds[each.name] += each.bounds(self.since, until)

    def findings(self) -> Iterator[tuple[str, Finding]]:
        self._note(FOR_EVER)
        for name, bounds in self.bounds.items():
            for bound in bounds:
                yield name, judge(self.internet.providers[name].log, bound)


@pytest.mark.timeout(0 if SHARE >= 1 else 150)
@pytest.mark.parametrize("seed", SEEDS)
async def test_no_limit_is_exceeded_by_the_receivers_count(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    providers = [drawn(number, random, domains=random.choice([1, 1, 3, 8])) for number in range(PROVIDERS)]
    internet = await start(simulated_internet_of(providers))
    run = Run(tmp_path, internet, providers)
    try:
        await run.running.start()
        await run.running.workers_live(2)
        letters = enough_letters(providers, SECONDS + 10)
        posting = asyncio.create_task(post(run.running, letters, connections=4))
        await under_way(internet, providers)
        await asyncio.sleep(STRETCH)
        await run.change([redrawn(each, random) for each in providers])
        await asyncio.sleep(STRETCH)
        os.kill(random.choice(run.running.worker_pids()), signal.SIGKILL)
        await asyncio.sleep(STRETCH)
        await run.running.kill()
        await run.running.start()
        await asyncio.sleep(STRETCH)
        posting.cancel()
    finally:
        await run.running.end()
        await internet.stop()
    findings = list(run.findings())
    over = [f"{name}: {each}" for name, each in findings if each.excess > TOLERANCE]
    assert over == [], f"seed {seed}: " + "\n".join(over)
    met = [each.worst >= each.bound.most for _, each in findings if each.bound.what is What.MAILS and each.events]
    assert sum(met) >= len(met) / 4, "who never comes near a limit keeps to it without merit"
    print(f"seed {seed}: {sum(met)} of {len(met)} limits of MAILs were met exactly or by one more")


def enough_letters(providers: list[Drawn], seconds: float) -> list[Letter]:
    """More than can leave in the time, for all providers in turn."""
    counts = {each: round(each.capacity() * seconds) + 50 for each in providers}
    most = max(counts.values())
    return [
        Letter(f"q{each.number}.{number}", (each.address(number),))
        for number in range(most)
        for each in providers
        if number < counts[each]
    ]


async def under_way(internet: Simulator, providers: list[Drawn]) -> None:
    """Until every provider has had mail."""

    async def have_begun() -> bool:
        return all(internet.providers[each.name].log.mails for each in providers)

    await until(have_begun, "some provider never got mail")


@pytest.mark.paced
@pytest.mark.timeout(90)
async def test_with_enough_waiting_most_of_a_limit_is_used(tmp_path: Path) -> None:
    """Rates of MAILs, of connects, and both; the first window left out."""
    kind, calls = WindowKind.SLIDING, ((200, 1),)
    providers = [
        Drawn(0, ((30, 3),), calls, 2, 20, kind, True, 1),
        Drawn(1, ((60, 3),), calls, 4, 10, kind, True, 1),
        Drawn(2, ((1000, 1),), ((12, 3),), 4, 5, kind, True, 1),
        Drawn(3, ((30, 1), (60, 3)), calls, 3, 50, kind, True, 1),
    ]
    internet = await start(simulated_internet_of(providers))
    running = Running(tmp_path, internet)
    (tmp_path / "shaping.toml").write_text(shaping_file(providers), encoding="utf-8")
    try:
        await running.start()
        await post(running, enough_letters(providers, 18), connections=4)
        await under_way(internet, providers)
        began = time.monotonic() + 3
        await asyncio.sleep(12)
    finally:
        await running.end()
        await internet.stop()
    used = {each.name: share_used(each, internet, began, began + 9) for each in providers}
    print(used)
    assert min(used.values()) >= 0.8, used
    assert max(used.values()) <= 1.1, used


def share_used(provider: Drawn, internet: Simulator, began: float, ended: float) -> float:
    """The mean over stretches of two windows that begin anywhere in the first one: a full window leaves in one burst,
    and a stretch of one phase only may begin just behind a burst and end just before one."""
    window = max(seconds for _, seconds in (*provider.mails, *provider.connects))
    length = ended - began - window
    times = [entry[0] for entry in internet.providers[provider.name].log.mails]
    starts = [began + window * step / 30 for step in range(30)]
    left = sum(start < time <= start + length for start in starts for time in times) / len(starts)
    return round(left / (provider.capacity() * length), 2)


@pytest.mark.timeout(90)
async def test_five_hundred_domains_with_mx_names_below_one_suffix_obey_one_limit(tmp_path: Path) -> None:
    great = Drawn(0, ((60, 2),), ((200, 1),), 3, 20, WindowKind.SLIDING, False, domains=500)
    internet = await start(simulated_internet_of([great]))
    run = Run(tmp_path, internet, [great])
    log = internet.providers["p0"].log
    try:
        await run.running.start()
        posting = asyncio.create_task(post(run.running, enough_letters([great], 20), connections=4))
        await under_way(internet, [great])

        async def enough_left() -> bool:
            return len(log.mails) >= 240

        await until(enough_left, "the limit is not used", 60)
        posting.cancel()
    finally:
        await run.running.end()
        await internet.stop()
    assert [f"{name}: {each}" for name, each in run.findings() if each.excess] == []
    assert log.mails[239][0] - log.mails[0][0] >= 6.0, "four times sixty need at least three further windows of 2 s"
