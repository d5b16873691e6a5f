"""What a process tree costs, read from /proc.

Owns   CPU time and memory of a process with all its descendants.
Knows  nothing of what the processes do.
"""

import os
import re
import threading
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE_SECONDS = 0.5
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def tree(pid: int) -> list[int]:
    """The process and its descendants."""
    found = [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, _read(children).split())
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree, with that of children which have ended and were waited for."""
    return sum(_cpu_of(each) for each in tree(pid))


def pss_mib(pid: int) -> float:
    """Memory of the tree; what processes share counts once."""
    texts = (_read(Path(f"/proc/{each}/smaps_rollup")) for each in tree(pid))
    return sum(int(match.group(1)) for text in texts if (match := _PSS.search(text))) / 1024


class PeakMemory:
    """Samples a tree's memory while the `with` block runs."""

    def __init__(self, pid: int) -> None:
        self.mib = pss_mib(pid)
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.mib = max(self.mib, pss_mib(self._pid))

    def _sample(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            self.mib = max(self.mib, pss_mib(self._pid))


def _cpu_of(pid: int) -> float:
    stat = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return sum(map(int, stat[11:15])) / _TICKS  # utime, stime, cutime, cstime: proc(5), fields 14 to 17


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:  # it has ended meanwhile
        return ""
