"""A process dies while old mail moves to the archive: nothing of it is lost, and nothing is there twice."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from fakes.crash_points import CrashPoint, When, cases
from fakes.ended_mail import EndedMail
from youtong.queue.reading import reading

pytestmark = pytest.mark.crash

LETTERS = 5
_DRIVER = """
import asyncio, sys
from pathlib import Path
from fakes.clock import FakeClock
from fakes.ended_mail import NOW_MS, EndedMail
from youtong.queue.archive.archiving import Archiving, KeepTimes
from youtong.queue.short_steps import ShortSteps

async def followed():
    return 1 << 60

async def main():
    mail, clock = EndedMail(Path(sys.argv[1])), FakeClock()
    clock.advance((NOW_MS - clock.now_ms()) / 1000)
    await Archiving(mail.folder, ShortSteps(mail.commits), followed, KeepTimes(), clock).round()
    await mail.close()

asyncio.run(main())
"""


def archive(folder: Path, crash_file: Path) -> int:
    environment = {
        **os.environ,
        "YOUTONG_CRASH_FILE": str(crash_file),
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    return subprocess.run(
        [sys.executable, "-P", "-c", _DRIVER, folder], env=environment, check=False, timeout=60
    ).returncode


async def fill(folder: Path) -> dict[str, list[str]]:
    """Ended letters; each recipient's history by its address."""
    mail = EndedMail(folder)
    for n in range(LETTERS):
        await mail.ended(f"x{n}@y.test", f"z{n}@y.test")
    await mail.close()
    return found(folder)


def found(folder: Path) -> dict[str, list[str]]:
    with reading(folder) as reader:
        rows = [row for n in range(LETTERS) for each in "xz" for row in reader.at_address(f"{each}{n}@y.test", 10)]
        assert all(reader.message(row.message_id) for row in rows)
        return {f"{row.id} {row.address}": [fact.kind for fact in reader.history(row)] for row in rows}


def accepted_facts(folder: Path) -> int:
    numbers: set[int] = set()
    for name, query in (
        ("queue.db", "SELECT seq FROM journal WHERE kind = 'accepted'"),
        ("archive.db", "SELECT seq FROM fact"),
    ):
        with closing(sqlite3.connect(folder / name)) as db:
            numbers.update(row[0] for row in db.execute(query))
    return len(numbers)


POINTS = [
    *cases(When.ARCHIVING),
    *((point, n) for point, _ in cases(When.SERVING) if point.name.startswith("commit.") for n in (1, 2, 3)),
]


@pytest.mark.parametrize(
    ("point", "times"), [pytest.param(*case, id=f"{case[0].name}:{case[1]}") for case in dict.fromkeys(POINTS)]
)
def test_a_death_in_a_move_loses_nothing_and_doubles_nothing(point: CrashPoint, times: int, tmp_path: Path) -> None:
    before = asyncio.run(fill(tmp_path))
    assert len(before) == 2 * LETTERS
    crash_file = tmp_path / "crash"
    crash_file.write_text(f"{point.name}:{times}", encoding="ascii")
    assert archive(tmp_path, crash_file) == -signal.SIGKILL
    assert found(tmp_path) == before
    assert archive(tmp_path, crash_file) == 0
    assert found(tmp_path) == before
    assert accepted_facts(tmp_path) == LETTERS
    with closing(sqlite3.connect(tmp_path / "queue.db")) as db:
        left = [
            db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("recipient", "message", "journal")
        ]
    assert left == [0, 0, 0]
