"""Incarnations: one owner at a time, tokens that name their life, and how old workers are ended."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from youtong.queue import incarnation
from youtong.queue.incarnation import DataDirInUse, OwnerLock, incarnation_of, token_of
from youtong.queue.workers import marks
from youtong.queue.workers.marks import MarkFile, mark_path

HOLDER = """
import sys, time
from pathlib import Path
from youtong.queue.workers.marks import MarkFile
MarkFile(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


def test_a_second_owner_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    first = OwnerLock(tmp_path / "run")
    with pytest.raises(DataDirInUse, match=str(tmp_path)):
        OwnerLock(tmp_path / "run")
    first.release()
    OwnerLock(tmp_path / "run").release()


@given(st.integers(1, 1 << 22), st.integers(0, (1 << 40) - 1))
def test_a_token_names_its_incarnation_and_fits_a_row(number: int, counter: int) -> None:
    token = token_of(number, counter)
    assert incarnation_of(token) == number
    assert token < 1 << 63
    assert token < token_of(number + 1, 0)


def test_the_boot_id_stays_while_the_machine_runs() -> None:
    assert incarnation.boot_id() == incarnation.boot_id() != ""


async def test_with_no_mark_files_there_is_nothing_to_wait_for(tmp_path: Path) -> None:
    await incarnation.await_old_workers(tmp_path)


def test_a_worker_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incarnation, "_WAIT_SECONDS", 0.0)
    path = mark_path(tmp_path, 5)
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"held\n"
        asyncio.run(incarnation.await_old_workers(tmp_path))
        assert worker.wait() == -9
    assert not marks.is_alive(path)


async def test_a_mark_file_without_header_kills_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process id of 0 would be this whole process group."""
    monkeypatch.setattr(incarnation, "_WAIT_SECONDS", 0.0)
    killed: list[int] = []
    monkeypatch.setattr(incarnation.os, "kill", lambda pid, signal: killed.append(pid))
    file = MarkFile(mark_path(tmp_path, 5))
    mark_path(tmp_path, 5).write_bytes(b"")
    looks = 0

    async def look(seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            file.close()

    monkeypatch.setattr(incarnation.asyncio, "sleep", look)
    await incarnation.await_old_workers(tmp_path)
    assert (looks, killed) == (3, [])
