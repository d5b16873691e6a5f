"""One run's figures, and the median of several.

Owns   the value `Figures`.
Knows  nothing of where the figures come from.
"""

import statistics
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Figures:
    """Times are milliseconds. A figure that nobody took is None; `fault` says in words what went wrong."""

    rate: float  # copies a second
    cpu_ms: float  # of the whole process tree, per copy
    p50_ms: float | None = None  # MAIL FROM to 250 after the dot
    p99_ms: float | None = None
    pss_mib: float | None = None
    longest_ms: float | None = None  # of the same
    octets: float | None = None  # of disk, per copy
    start_s: float | None = None  # from the command to the first answer
    load_ms: float | None = None  # what the generator itself took, per copy
    sink_ms: float | None = None
    fault: str = ""


def median(runs: list[Figures]) -> Figures:
    """Each figure's median by itself, and all faults."""
    names = [field.name for field in fields(Figures) if field.name != "fault"]
    middle = {name: _middle([getattr(run, name) for run in runs]) for name in names}
    return Figures(**middle, fault="; ".join(dict.fromkeys(run.fault for run in runs if run.fault)))


def _middle(values: list[float | None]) -> float | None:
    taken = [value for value in values if value is not None]
    return statistics.median(taken) if taken else None
