"""The benchmark itself works: everything sent arrives, and the table is printed. No time is judged here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.bounce_samples import flufl_samples

TESTS = Path(__file__).parents[1]


@pytest.mark.scenario
@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("bounces", "bounce classify --all, 50 files"),
        ("returned", "one of them 100 times"),
        ("suppression", "batch of 1,000,  99% suppressed"),
    ],
)
def test_what_comes_back_has_tables_of_its_own(case: str, told: str) -> None:
    if case == "bounces":
        flufl_samples()  # skips where they are not there
    done = _bench("--quick", "--cases", case)
    assert done.returncode == 0, done.stdout + done.stderr
    assert told in done.stdout


@pytest.mark.scenario
def test_a_small_benchmark_delivers_everything_and_prints_its_table() -> None:
    done = _bench("--messages", "100", "--runs", "1", "--cases", "P1,P3-one,P3b")
    assert done.returncode == 0, done.stdout + done.stderr  # not 0 when one message was lost, doubled or refused
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("|")]
    assert rows[0] == "case"
    assert rows[2:] == ["P1", "P3-one", "P3b"]


def _bench(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "bench", *options],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        check=False,
    )
