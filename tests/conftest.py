"""What holds for every test: slow unit tests are named at the end of the run (never failed: the machine is shared).

Real processes that tests start find their modules compiled, as an installed product does: else each start, of which
there are hundreds, compiles them all anew.
"""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Hypothesis by itself fails an example that takes 200 ms of wall clock; on a shared machine that says nothing.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

SLOW_SECONDS = 1.0
MAY_BE_SLOW = {"scenario", "crash", "bench", "browser", "fuzz"}


@pytest.hookimpl
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    slow = sorted(_slow_calls(terminalreporter), reverse=True)
    if slow:
        terminalreporter.section("slow tests (over 1 s; inject the clock instead of waiting)")
        for seconds, nodeid in slow:
            terminalreporter.write_line(f"{seconds:6.1f} s  {nodeid}")


def _slow_calls(terminalreporter: pytest.TerminalReporter) -> list[tuple[float, str]]:
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    return [
        (report.duration, report.nodeid)
        for report in reports
        if report.when == "call" and report.duration > SLOW_SECONDS and not MAY_BE_SLOW & set(Path(report.fspath).parts)
    ]
