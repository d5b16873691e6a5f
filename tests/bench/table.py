"""The one table that a benchmark prints, in the form that docs/benchmarks.md can take over.

Owns   its columns and their words.
Knows  nothing of measuring.
"""

import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

from bench.cases import DOMAINS, SIZE_OCTETS, Case
from bench.figures import Figures

_OURS = ("msgs/s", "CPU ms", "p50 ms", "p99 ms", "PSS MiB", "start s", "load CPU ms", "sink CPU ms")
_THEIRS = ("{}/s", "CPU ms", "times", "CPU share")

Row = tuple[Case, Figures, Sequence[Figures | None]]  # ours, and one for each peer


def render(rows: Sequence[Row], peers: Sequence[str], before: Sequence[str]) -> str:
    """What was measured, the table, how to read it, and what went wrong."""
    header = ["case", "", "wanted", *_OURS, *(title.format(peer) for peer in peers for title in _THEIRS)]
    lines = [_cells(row) for row in rows]
    faults = [f"{case.key}: {each.fault}" for case, ours, theirs in rows for each in (ours, *theirs) if _faulty(each)]
    return "\n".join(
        [
            *before,
            "",
            *_aligned([header, *lines]),
            "",
            *_LEGEND,
            *_per_core(rows),
            *_streams(rows),
            *_burdened(rows),
            *_deep(rows),
            *faults,
        ]
    )


def _per_core(rows: Sequence[Row]) -> list[str]:
    """What was to be reached for each core, not beside another."""
    return [
        f"{case.key}: {1000 / ours.cpu_ms:.0f} for each second of CPU time; wanted: {case.per_core:g}"
        for case, ours, _ in rows
        if case.per_core and ours.cpu_ms
    ]


def _streams(rows: Sequence[Row]) -> list[str]:
    """What a stream was to reach in a second, and what its rows cost."""
    said: list[str] = []
    for case, ours, _ in rows:
        if case.per_second:
            said.append(f"{case.key}: {ours.rate:.0f} a second; wanted: {case.per_second:g}")
        if ours.octets is not None:
            said.append(f"{case.key}: {ours.octets:.0f} octets of disk for each; wanted: 150")
        if ours.longest_ms is not None:
            said.append(f"{case.key}: the slowest 250 beside it took {ours.longest_ms:.0f} ms; wanted: 50")
    return said


def _burdened(rows: Sequence[Row]) -> list[str]:
    """What mail for a bad destination costs the other mail: beside P1 as our own generator measured it."""
    rates = {case.key: ours.rate for case, ours, _ in rows}
    free = rates.get("P1-own", rates.get("P1"))
    return [
        f"{case.key}: {rates[case.key] / free:.0%} of P1 without that mail; wanted: 95%"
        for case, _, _ in rows
        if case.burden and free
    ]


def _deep(rows: Sequence[Row]) -> list[str]:
    """What a deep queue costs: beside the same case with an empty one."""
    rates = {case.key: ours.rate for case, ours, _ in rows}
    empty = rates.get("P1-own", rates.get("P1"))
    found: list[str] = []
    for case, ours, _ in rows:
        if case.is_deep and empty and ours.start_s and ours.pss_mib:
            share = f"{case.key}: {ours.rate / empty:.0%} of the rate with an empty queue; wanted: 90%"
            found.append(f"{share}; start {ours.start_s:.1f} s (5), PSS {ours.pss_mib:.0f} MiB (250)")
    return found


_LEGEND = (
    "msgs/s: copies for recipients, durable, end to end or accepted. CPU ms: of all processes, per copy.",
    "p50, p99: from MAIL FROM to the 250 after the dot. PSS: peak of the process tree.",
    "load, sink: what our own generator and receiver took of the same cores, per copy; empty where peer.sh measured.",
    "times: our rate over theirs; wanted: that, against Postfix. CPU share: our CPU over theirs.",
)


def circumstances(messages: int, runs: int) -> list[str]:
    """Where, when and how much; asked before the first run, so that the load average is that of others."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        + f", {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}, Python {platform.python_version()}",
        f"{messages} messages (fewer where a case is slow), {SIZE_OCTETS} octets where not said otherwise,"
        f" {DOMAINS} domains; median of {runs};"
        f" load average before: {Path('/proc/loadavg').read_text('ascii').split()[0]}",
    ]


def _cells(row: Row) -> list[str]:
    case, ours, theirs = row
    taken = (ours.rate, ours.cpu_ms, ours.p50_ms, ours.p99_ms, ours.pss_mib, ours.start_s, ours.load_ms, ours.sink_ms)
    wanted = f"{case.wanted:g} x" if case.wanted else f"{case.per_core:g}/CPU s" if case.per_core else ""
    cells = [case.key, case.title, wanted, *(_number(value) for value in taken)]
    for peer in theirs:
        cells += _compared(ours, peer)
    return cells


def _compared(ours: Figures, peer: Figures | None) -> list[str]:
    if peer is None or not peer.rate:
        return [""] * len(_THEIRS)
    share = f"{ours.cpu_ms / peer.cpu_ms:.2f}" if peer.cpu_ms else ""
    return [_number(peer.rate), _number(peer.cpu_ms), f"{ours.rate / peer.rate:.1f} x", share]


def _faulty(figures: Figures | None) -> bool:
    return figures is not None and bool(figures.fault)


def _number(value: float | None) -> str:
    """Three digits that matter."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _aligned(lines: list[list[str]]) -> list[str]:
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    rule = [":" + "-" * (width - 1) if at < 2 else "-" * (width - 1) + ":" for at, width in enumerate(widths)]
    return [f"| {' | '.join(_padded(line, widths))} |" for line in [lines[0], rule, *lines[1:]]]


def _padded(line: list[str], widths: list[int]) -> list[str]:
    """The first two columns are words, the others figures."""
    words = [cell.ljust(width) for cell, width in zip(line[:2], widths[:2], strict=True)]
    return words + [cell.rjust(width) for cell, width in zip(line[2:], widths[2:], strict=True)]
