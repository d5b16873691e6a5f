"""A worker that dies while it shortens its mark file has lost no mark: the one thing that a rewrite could lose."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.crash_points import CrashPoint, When, cases
from youtong.queue.workers.marks import is_alive, mark_path, read_marks

pytestmark = pytest.mark.crash
_DRIVER = """
import sys
from pathlib import Path
from youtong.queue.workers.marks import MarkFile
marks = MarkFile(Path(sys.argv[1]))
for token in range(1, 70_000):
    marks.leave(token)
marks.forget_all_but({5, 69_999})
"""


@pytest.mark.parametrize(("point", "times"), [pytest.param(*case, id=case[0].name) for case in cases(When.DRIVEN)])
def test_marks_of_open_leases_survive_a_death_in_the_rewrite(point: CrashPoint, times: int, tmp_path: Path) -> None:
    crash_file = tmp_path / "crash"
    crash_file.write_text(f"{point.name}:{times}", encoding="ascii")
    path = mark_path(tmp_path, 1)
    environment = {**os.environ, "YOUTONG_CRASH_FILE": str(crash_file)}
    died = subprocess.run([sys.executable, "-c", _DRIVER, str(path)], env=environment, check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    assert {5, 69_999} <= read_marks(path).tokens
    assert read_marks(path).pid
    assert not is_alive(path)
