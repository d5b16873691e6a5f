"""A soak: mixed load for a while, a process killed now and then, figures every second, and the count at the end.

Owns   the run. What is posted is `soak.load`'s, what is measured `soak.samples`'.
Q1, Q3: judged as in tests/crash, by what the receivers counted.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from fakes.internet import change, simulated_internet
from fakes.posting import Fate, fates, faults_of
from fakes.running import Running, until
from soak.campaign import Campaign
from soak.load import Load
from soak.plot import Line, svg
from soak.samples import Sample, csv_of, faults_of as growth_of, take
from youtong.mta.simulator.simulator import Simulator

DOMAINS = 120
_FLUSH_SECONDS = 15.0
_ACCEPTED_SHARE = 0.95
_REST_SECONDS = 120.0


@dataclass
class Soak:
    """What a run came to. `faults` is empty when all is well."""

    samples: list[Sample] = field(default_factory=list)
    deaths: list[float] = field(default_factory=list)
    accepted: int = 0
    delivered: int = 0
    enqueued: int = 0
    faults: list[str] = field(default_factory=list)


async def soak(folder: Path, seconds: float, *, per_second: float, kill_every: float, seed: int = 1) -> Soak:
    """Run for so long, then wait until everything has ended."""
    result = Soak()
    async with simulated_internet(own=DOMAINS) as internet:
        _mix_tempers(internet, times=5 + round(seconds / 3))
        running = Running(folder, internet)
        await running.start()
        load = Load(running, DOMAINS, per_second, seed)
        campaign = Campaign(running, DOMAINS, per_second, seed)
        loads = asyncio.gather(load.run(), campaign.run())
        async with _alongside(loads, _sample(running, load, result), _kill(running, result, kill_every, seed)):
            await asyncio.sleep(seconds)
            load.stop()
            campaign.stop()
        running.up.set()
        await until(running.is_quiet, "the queue never comes to rest", _REST_SECONDS)
        await running.counted()
        _judge(result, load, internet, running)
        result.enqueued = len(campaign.addresses)
        result.faults += campaign.faults(internet, _unconfirmed(running))[:20]
        await running.end()
    return result


def _mix_tempers(internet: Simulator, times: int) -> None:
    """A tenth of the receivers put off, refuse, drip, hang up or greylist; the others take all."""
    change(
        internet,
        "own0",
        rule=[{"at": "rcpt", "do": "reply", "reply": "451 4.3.0 Not now", "share": 0.3, "times": times}],
    )
    change(internet, "own1", rule=[{"at": "rcpt", "do": "reply", "reply": "550 5.1.1 No such user", "share": 0.2}])
    change(internet, "own2", rule=[{"at": "dot", "do": "wait", "seconds": 0.5}])
    change(internet, "own3", rule=[{"at": "rcpt", "do": "drop", "times": times}])
    change(internet, "own4", greylist={"seconds": 5.0})
    change(internet, "own5", rule=[{"at": "greeting", "do": "reply", "reply": "421 4.3.2 Busy", "times": times}])


@asynccontextmanager
async def _alongside(*others: object) -> AsyncIterator[None]:
    load, *rest = [asyncio.ensure_future(each) for each in others]  # pyright: ignore[reportArgumentType]
    try:
        yield
        for each in rest:
            each.cancel()
        await asyncio.wait(rest)
        await load
    finally:
        for each in (load, *rest):
            each.cancel()
    for each in rest:
        if not each.cancelled() and (fault := each.exception()):
            raise fault


async def _sample(running: Running, load: Load, result: Soak) -> None:
    """Every second; what waits for its time is made due now and then."""
    loop = asyncio.get_running_loop()
    began = flushed = loop.time()
    while True:
        await asyncio.sleep(1)
        if not running.up.is_set() or running.process is None:
            continue
        second = loop.time() - began
        result.samples.append(take(running.process.pid, running.data_dir, second, load.take_waits()))
        if loop.time() - flushed >= _FLUSH_SECONDS:
            flushed = loop.time()
            await running.flush()


async def _kill(running: Running, result: Soak, every: float, seed: int) -> None:
    """A worker, the process of the sessions, or the owner: then another owner begins."""
    loop, random = asyncio.get_running_loop(), Random(seed)
    began = loop.time()
    while True:
        await asyncio.sleep(every)
        result.deaths.append(loop.time() - began)
        victims = {"worker": running.worker_pids(), "session": await running.submission_pids(1)}
        who = random.choice(["worker", "worker", "session", "owner"])
        if pids := victims.get(who):
            os.kill(random.choice(pids), signal.SIGKILL)
        else:
            await running.kill()
            await running.start()


def _judge(result: Soak, load: Load, internet: Simulator, running: Running) -> None:
    refused = {address for (address,) in running.rows("SELECT address FROM recipient WHERE state = 11")}
    judged = [each for each in load.letters if not refused.intersection(each.recipients)]
    counts = fates(load.letters)
    result.accepted, result.delivered = counts[Fate.ACCEPTED], internet.ledger.messages
    result.faults = [*faults_of(judged, internet, running)[:20], *growth_of(result.samples)]
    if result.accepted < _ACCEPTED_SHARE * len(load.letters) - 12 * len(result.deaths):
        result.faults.append(f"only {result.accepted} of {len(load.letters)} letters were accepted: {counts}")


def _unconfirmed(running: Running) -> set[str]:
    return {str(address) for (address,) in running.rows("SELECT address FROM recipient WHERE state = 15")}


def write(result: Soak, folder: Path) -> None:
    """samples.csv and soak.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "samples.csv").write_text(csv_of(result.samples), encoding="utf-8")
    samples = result.samples
    lines = [
        Line("memory of all processes, MiB (PSS)", [each.memory_mib for each in samples]),
        Line("open descriptors", [float(each.descriptors) for each in samples]),
        Line("write-ahead log, MiB", [each.wal_mib for each in samples]),
        Line("queue.db, MiB", [each.database_mib for each in samples]),
        Line("wait for a 250, median of the second, ms", [each.median_ms for each in samples]),
        Line("wait for a 250, worst of the second, ms", [each.worst_ms for each in samples]),
    ]
    (folder / "soak.svg").write_text(svg([each.second for each in samples], lines, result.deaths), encoding="utf-8")
