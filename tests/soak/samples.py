"""What is measured each second of a soak, and whether any of it grows.

Owns   the sample, how it is read from /proc and the file system, and the judgement "grows".
Knows  nothing of load or kills.
"""

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from bench.processes import pss_mib, tree

_LEAST = 60  # samples, below which nothing can be said to grow: connections and caches still fill


@dataclass(frozen=True)
class Sample:
    """One moment. The waits of a 250 are of the last second, in milliseconds; 0 when nobody asked."""

    second: float
    memory_mib: float
    descriptors: int
    wal_mib: float
    database_mib: float
    median_ms: float
    worst_ms: float


@dataclass(frozen=True)
class Bound:
    """How much larger a figure may be in the last quarter of the run than in the second one."""

    name: str
    times: float
    plus: float


BOUNDS = (
    Bound("memory_mib", 1.10, 8),
    Bound("descriptors", 1.0, 8),
    Bound("wal_mib", 1.0, 16),
    Bound("median_ms", 1.5, 5),
)
"""The database holds what was sent until it is archived, so it grows with the mail; `samples.csv` has it."""


def take(pid: int, data_dir: Path, second: float, waits: Sequence[float]) -> Sample:
    return Sample(
        second,
        pss_mib(pid),
        sum(_descriptors(each) for each in tree(pid)),
        _mib(data_dir / "queue.db-wal"),
        _mib(data_dir / "queue.db"),
        statistics.median(waits) * 1000 if waits else 0.0,
        max(waits, default=0.0) * 1000,
    )


def faults_of(samples: Sequence[Sample]) -> list[str]:
    """What grew. The second quarter is compared with the last one: the first warms up."""
    quarter = len(samples) // 4
    if len(samples) < _LEAST:
        return []
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    return [fault for bound in BOUNDS if (fault := _grown(bound, early, late))]


def _grown(bound: Bound, early: Sequence[Sample], late: Sequence[Sample]) -> str:
    before, after = (statistics.median(getattr(each, bound.name) for each in part) for part in (early, late))
    return f"{bound.name} grew from {before:.1f} to {after:.1f}" if after > before * bound.times + bound.plus else ""


def csv_of(samples: Sequence[Sample]) -> str:
    names = [field.name for field in fields(Sample)]
    rows = [",".join(f"{getattr(sample, name):.2f}" for name in names) for sample in samples]
    return "\n".join([",".join(names), *rows]) + "\n"


def _descriptors(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:  # it has ended meanwhile
        return 0


def _mib(path: Path) -> float:
    return path.stat().st_size / 1_048_576 if path.exists() else 0.0
