"""Out of descriptors, out of memory: a process gets no more for a while. Nothing is lost, and all goes on after."""

import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.internet import own_domain, simulated_internet
from fakes.posting import Fate, Letter, doubted, fates, faults_of, letters, post
from fakes.running import Running, until
from youtong.mta.simulator.simulator import Simulator

pytestmark = pytest.mark.crash
_MIB = 1024 * 1024


class Plain(Running):
    """Without crash points, which open files of their own."""

    def environment(self) -> dict[str, str]:
        return {}


@pytest.fixture
async def internet() -> AsyncIterator[Simulator]:
    async with simulated_internet(own=24) as simulator:
        yield simulator


def open_descriptors(pid: int) -> int:
    """How many may be open so that not one more can be: the kernel hands out the lowest that is free."""
    taken = {int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir()}
    return next(number for number in range(len(taken) + 1) if number not in taken)


def no_more_descriptors(pid: int) -> tuple[int, int]:
    """The limits before, to be given back."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_descriptors(pid), before[1]))
    return before


async def everything_arrives(running: Running, internet: Simulator, sent: list[Letter]) -> None:
    await running.quiet()
    assert faults_of(sent, internet, running) == []
    assert not doubted(running)


async def test_a_worker_without_descriptors_costs_nobody_an_attempt(internet: Simulator, tmp_path: Path) -> None:
    running = Plain(tmp_path, internet, workers=1)
    await running.start()
    await running.workers_live(1)
    worker = running.worker_pids()[0]
    before = no_more_descriptors(worker)
    sent = letters("nofd", 4, [own_domain(each) for each in range(3)], large_every=2)
    await post(running, sent)
    assert fates(sent) == {Fate.ACCEPTED: 4}

    async def was_tried() -> bool:
        return "no socket can be made" in running.log()

    await until(was_tried, "the worker never ran out of descriptors")
    resource.prlimit(worker, resource.RLIMIT_NOFILE, before)
    await everything_arrives(running, internet, sent)
    assert running.count("SELECT count(*) FROM journal WHERE kind = 'deferred'") == 0
    await running.end()


async def test_an_owner_without_descriptors_takes_mail_or_refuses_it_for_now(
    internet: Simulator, tmp_path: Path
) -> None:
    running = Plain(tmp_path, internet)
    await running.start()
    await running.workers_live()
    assert running.process is not None
    before = no_more_descriptors(running.process.pid)
    sent = letters("owner", 6, [own_domain(each) for each in range(3)], large_every=2)
    await post(running, sent)
    assert set(fates(sent)) <= {Fate.ACCEPTED, Fate.REFUSED}
    assert all(letter.reply[0] == "4" for letter in sent if letter.fate is Fate.REFUSED)
    resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, before)
    after = letters("after", 4, [own_domain(3)], large_every=2)
    await post(running, after)
    assert fates(after) == {Fate.ACCEPTED: 4}
    await everything_arrives(running, internet, [*sent, *after])
    await running.end()


async def test_a_session_process_without_descriptors_serves_who_is_there_and_others_later(
    internet: Simulator, tmp_path: Path
) -> None:
    running = Plain(tmp_path, internet)
    await running.start()
    await running.workers_live()
    pid = (await running.submission_pids(1))[0]
    before = no_more_descriptors(pid)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_descriptors(pid) + 1, before[1]))
    sent = letters("one", 4, [own_domain(each) for each in range(3)])
    await post(running, sent, connections=1)
    assert fates(sent) == {Fate.ACCEPTED: 4}
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    after = letters("many", 8, [own_domain(3)])
    await post(running, after, connections=8)
    assert fates(after) == {Fate.ACCEPTED: 8}
    await everything_arrives(running, internet, [*sent, *after])
    await running.end()


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def _said(running: Running, words: str) -> bool:
    return words in running.log()


def no_more_memory(pid: int, spare: int) -> tuple[int, int]:
    """Address space as it is and `spare` octets more; the limits before."""
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[0])
    resource.prlimit(pid, resource.RLIMIT_AS, (pages * resource.getpagesize() + spare, before[1]))
    return before


@pytest.mark.parametrize("who", ["worker", "owner", "session"])
async def test_a_process_without_memory_for_a_large_letter_loses_nothing(
    who: str, internet: Simulator, tmp_path: Path
) -> None:
    running = Plain(tmp_path, internet, workers=1)
    await running.start()
    await running.workers_live(1)
    assert running.process is not None
    session = (await running.submission_pids(1))[0]
    pid = {"worker": running.worker_pids()[0], "owner": running.process.pid, "session": session}[who]
    no_more_memory(pid, 2 * _MIB)
    large = [Letter(f"large{n}", (f"large{n}@{own_domain(n)}",), octets=12 * _MIB) for n in range(2)]
    small = letters("small", 4, [own_domain(5), own_domain(6)])
    await post(running, [*large, *small], connections=2)
    if who == "worker":
        await until(lambda: _said(running, "MemoryError"), "the worker never ran out of memory")
    if not running.is_running():
        await running.end()
        await running.start()
    if _lives(pid):
        resource.prlimit(pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    after = letters("after", 2, [own_domain(7)])
    await post(running, after)
    assert fates(after) == {Fate.ACCEPTED: 2}
    await running.quiet()
    assert faults_of([*large, *small, *after], internet, running) == []
    await running.end()
