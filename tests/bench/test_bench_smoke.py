"""The benchmark itself works: everything sent arrives, and the table is printed. No time is judged here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


@pytest.mark.scenario
def test_a_small_benchmark_delivers_everything_and_prints_its_table() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bench", "--messages", "100", "--runs", "1", "--cases", "P1,P3-one,P3b"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr  # not 0 when one message was lost, doubled or refused
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("|")]
    assert rows[0] == "case"
    assert rows[2:] == ["P1", "P3-one", "P3b"]
