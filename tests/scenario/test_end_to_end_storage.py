"""A full disk and a locked database: 452 and 451, nothing half-accepted, and all goes on when there is room again."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fakes.internet import change, own_domain, simulated_internet
from fakes.posting import Fate, Letter, doubted, faults_of, letters, post
from fakes.running import Running, until
from youtong.mta.simulator.simulator import Simulator

pytestmark = pytest.mark.scenario


@pytest.fixture
async def internet() -> AsyncIterator[Simulator]:
    async with simulated_internet(own=8) as simulator:
        yield simulator


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The data folder of a server in `tmp_path`, with a file system of 8 MiB of its own."""
    folder = tmp_path / "var"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_database_locked_by_another_program_is_451_and_nothing_is_half_accepted(
    internet: Simulator, tmp_path: Path
) -> None:
    running = Running(tmp_path, internet)
    await running.start()
    other = sqlite3.connect(running.data_dir / "queue.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = letters("locked", 2, [own_domain(0)], large_every=2)
    await post(running, refused)
    assert {letter.fate for letter in refused} == {Fate.REFUSED}
    assert {letter.reply[:9] for letter in refused} == {"451 4.3.0"}
    other.execute("ROLLBACK")
    other.close()
    taken = letters("unlocked", 2, [own_domain(0)], large_every=2)
    await post(running, taken)
    await running.quiet()
    assert faults_of([*refused, *taken], internet, running) == []
    assert running.count("SELECT count(*) FROM message") == len(taken)
    assert not list(spool_files(running, of=refused))
    await running.end()


def spool_files(running: Running, *, of: list[Letter]) -> list[Path]:
    """Files in the spool that hold bodies of these letters."""
    bodies = {letter.content().partition(b"\r\n\r\n")[2] for letter in of}
    known = {str(name) for (name,) in running.rows("SELECT spool FROM content WHERE spool IS NOT NULL")}
    found = [path for path in (running.data_dir / "spool").iterdir() if path.name not in known]
    return [path for path in found if path.read_bytes() in bodies]


async def test_a_full_disk_is_452_keeps_what_was_accepted_and_goes_on_when_there_is_room(
    internet: Simulator, tmp_path: Path, small_disk: Path
) -> None:
    change(internet, "slowdot", rule=[{"at": "dot", "do": "wait", "seconds": 1}])
    running = Running(tmp_path, internet)
    assert running.data_dir == small_disk
    await running.start()
    early = Letter("early", ("early@slowdot.test",))
    await post(running, [early])
    await until(lambda: is_leased(running), "the letter was never under way")
    ballast = small_disk / "ballast"
    fill(ballast)
    refused = letters("full", 4, [own_domain(1)], large_every=2)
    await post(running, refused)
    assert {letter.fate for letter in refused} == {Fate.REFUSED}
    assert {letter.reply[:9] for letter in refused} == {"452 4.3.1"}

    async def has_arrived() -> bool:
        return internet.ledger.accepted.get("early@slowdot.test") == 1

    await until(has_arrived, "the letter under way never arrived")
    ballast.unlink()
    taken = letters("room", 4, [own_domain(1)], large_every=2)
    await post(running, taken)
    await running.quiet()
    assert faults_of([early, *refused, *taken], internet, running) == []
    assert not doubted(running)
    assert not list(spool_files(running, of=refused))
    await running.end()


async def is_leased(running: Running) -> bool:
    return running.count("SELECT count(*) FROM recipient WHERE state = 1") == 1


def fill(path: Path) -> None:
    """Write until there is no room at all."""
    block = b"\0" * 4096
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(descriptor, block) == len(block):
            pass
    except OSError:
        pass
    finally:
        os.close(descriptor)
