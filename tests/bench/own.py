"""Measuring us alone: our generator, `youtong serve`, our simulated internet, all on loopback. Needs no privileges.

Owns   one run of one case, from start to accounts.
Knows  nothing of other mail systems or of the table.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
from bench import campaign, server
from bench.cases import BURDEN, DEPTH, Case
from bench.figures import Figures
from bench.filling import fill_folder
from bench.generator import Job, Sent
from bench.processes import PeakMemory, cpu_seconds
from bench.sink import Sink

_POLL_SECONDS = 0.05
_STALL_SECONDS = 20.0  # without one more delivery: the run is given up, and says so
_REST_SECONDS = 0.5  # what the last messages still cost after their arrival belongs to them


def measure(case: Case, messages: int, sink: Sink, folder: Path, key_file: Path) -> Figures:
    """One run in `folder`, which must not exist: on an empty queue, or on a deep one that is filled once beside it."""
    match case.stream:
        case "deliver":
            return campaign.deliver(case.copies(messages), sink, folder, key_file)
        case "enqueue":
            return campaign.enqueue(case.copies(messages), folder)
        case _:
            return _measured(case, messages, sink, folder, key_file)


def _measured(case: Case, messages: int, sink: Sink, folder: Path, key_file: Path) -> Figures:
    sink.reset()
    data_dir = _deep(folder.parent / "deep", messages * DEPTH) if case.is_deep else None
    key = key_file if case.signed else None
    with server.running(
        folder, dns=sink.dns, mx_port=sink.port, delivers=not case.held, key_file=key, data_dir=data_dir
    ) as mta:
        if case.burden:
            _send(case, messages * BURDEN, mta.port, case.burden)
        return _load(case, case.copies(messages), sink, mta)


def _deep(data_dir: Path, recipients: int) -> Path:
    """What one run adds to it is nothing beside what waits there."""
    if not data_dir.exists():
        fill_folder(data_dir, recipients)
    return data_dir


def _load(case: Case, copies: int, sink: Sink, mta: server.Server) -> Figures:
    cpu, sink_cpu = cpu_seconds(mta.pid), cpu_seconds(sink.pid)
    with PeakMemory(mta.pid) as memory:
        sent, finished = _send(case, copies, mta.port), 0.0
        if not case.held:
            finished = _wait_for_arrivals(sink, copies)
        time.sleep(_REST_SECONDS)
    sink_cpu = cpu_seconds(sink.pid) - sink_cpu
    seconds = max(finished, sent.ended) - sent.began if not case.held else sent.ended - sent.began
    return Figures(
        rate=copies / seconds,
        cpu_ms=(cpu_seconds(mta.pid) - cpu) / copies * 1e3,
        p50_ms=_quantile(sent.latencies, 0.50),
        p99_ms=_quantile(sent.latencies, 0.99),
        pss_mib=memory.mib,
        start_s=mta.start_seconds,
        load_ms=sent.cpu_seconds / copies * 1e3,
        sink_ms=None if case.held else sink_cpu / copies * 1e3,
        fault=_fault(case, copies, sent, sink),
    )


def _send(case: Case, copies: int, port: int, domain: str = "") -> Sent:
    stamp = time.time_ns() // 1000
    count = copies // case.recipients
    job = Job(port, case.sessions, count, case.recipients, case.per_connection, stamp, case.size, domain)
    said = subprocess.run(
        [sys.executable, "-P", "-m", "bench.generator", msgspec.json.encode(job)],
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    ).stdout
    return msgspec.json.decode(said, type=Sent)


def _wait_for_arrivals(sink: Sink, copies: int) -> float:
    """Until all arrived or nothing comes any more; the last arrival in monotonic seconds."""
    arrived, since = -1, time.monotonic()
    while arrived < copies and time.monotonic() - since < _STALL_SECONDS:
        now = sink.counts()["accepted"]
        if now != arrived:
            arrived, since = now, time.monotonic()
        time.sleep(_POLL_SECONDS)
    return sink.last_arrival() - time.time() + time.monotonic()


def _fault(case: Case, copies: int, sent: Sent, sink: Sink) -> str:
    counts = sink.counts()
    faults = sent.faults[:1]
    if len(sent.latencies) * case.recipients != copies:
        faults.append(f"accepted {len(sent.latencies) * case.recipients} of {copies}")
    if counts["accepted"] != (0 if case.held else copies) or counts["duplicates"]:
        faults.append(f"delivered {counts['accepted']} of {copies}, {counts['duplicates']} more than once")
    return ", ".join(faults)


def _quantile(values: list[float], share: float) -> float | None:
    """In milliseconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3 if ordered else None
