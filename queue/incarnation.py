"""Incarnations: which process life a lease belongs to.

Owns   the owner's lock on the data folder, the boot id, the rows of `incarnation`, the lease token, whose upper
       bits are the worker incarnation, and the life files of children that hold no leases.
Knows  nothing of recipients.

Invariants
    Q2  one owner at a time holds `owner.lock`; a new owner waits for every child of the old one to end, kills those
        that have not after 2 seconds, and only then reads the marks and recovers leases. No clock frees a lease.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import sqlite3
from pathlib import Path
from typing import NewType

from ..mta.crashpoint import reach
from .workers import marks

LeaseToken = NewType("LeaseToken", int)
_COUNTER_BITS = 40
_WAIT_SECONDS = 2.0
_POLL_SECONDS = 0.02
_LIFE = ".life"


class DataDirInUse(Exception):
    """Another owner runs on this data folder."""


def token_of(incarnation: int, counter: int) -> LeaseToken:
    return LeaseToken((incarnation << _COUNTER_BITS) | counter)


def incarnation_of(token: int) -> int:
    return token >> _COUNTER_BITS


def boot_id() -> str:
    """A name of this boot of the machine; the same for all processes until it restarts."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:  # not Linux: the time of boot is not known, so every start counts as a new boot
        return f"unknown-{os.getpid()}-{os.urandom(4).hex()}"


class OwnerLock:
    """The lock that makes this process the only writer. Raises DataDirInUse."""

    def __init__(self, run_dir: Path) -> None:
        run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._fd = os.open(run_dir / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise DataDirInUse(f"another youtong serves from {run_dir.parent}") from None

    def release(self) -> None:
        os.close(self._fd)


def begin(connection: sqlite3.Connection, role: str, boot: str, now_ms: int) -> int:
    """A new incarnation's number, within the caller's transaction."""
    cursor = connection.execute(
        "INSERT INTO incarnation (role, boot_id, started_ms) VALUES (?, ?, ?)", (role, boot, now_ms)
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


async def await_old_workers(run_dir: Path) -> None:
    """Return when no worker or other child of an earlier owner lives; those that outlive 2 seconds are killed."""
    files = [*mark_files(run_dir), *life_files(run_dir)]
    waited = 0.0
    while alive := [path for path in files if marks.is_alive(path)]:
        if waited >= _WAIT_SECONDS:
            for path in alive:
                _kill(marks.read_marks(path).pid)
        await asyncio.sleep(_POLL_SECONDS)
        waited += _POLL_SECONDS


def _kill(pid: int) -> None:
    if pid > 1:  # 0, when the header is not written yet, would mean ourselves and our whole group
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class LifeFile:
    """Shows that a child lives which leaves no marks, but would keep something from the next owner: a port, a file.

    The lock is on the descriptor that the child inherits, so there is no moment in which it lives unseen.
    """

    def __init__(self, run_dir: Path, name: str) -> None:
        """Raises OSError; BlockingIOError when an earlier process of that name lives."""
        self.fd = os.open(run_dir / f"{name}{_LIFE}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self.fd, 0)
        except BaseException:
            os.close(self.fd)
            raise

    def name(self, pid: int) -> None:
        """Whom to kill when it outlives its owner."""
        reach("life-file.before")
        os.write(self.fd, marks.record(pid))
        reach("life-file.after")

    def close(self) -> None:
        """The lock is the child's from here on."""
        os.close(self.fd)


def life_files(run_dir: Path) -> list[Path]:
    """Life files of living and dead children."""
    return sorted(run_dir.glob(f"*{_LIFE}"))


def mark_files(run_dir: Path) -> list[Path]:
    """Every mark file there is, of living and dead workers."""
    return sorted(run_dir.glob("worker-*.marks"))
