"""P4 and P6: a stream's recipients queued, and delivered to the sink.

Owns   one run of each, from an empty queue on; the text with its 12 links.
Knows  nothing of the table.
"""

import base64
import os
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
from bench import server
from bench.figures import Figures
from bench.generator import _Client
from bench.processes import PeakMemory, cpu_seconds
from bench.producer import Handed, Job, ask
from bench.sink import Sink

HEAD = b"From: Bench News <news@sender.test>\r\nTo: {{name}} <{{address}}>\r\nSubject: Dear {{name|reader}}\r\n\r\n"
_PARAGRAPH = (
    b"Dear {{name|reader}} from {{city|somewhere}}, the quick brown fox jumps over the lazy dog while you read.\r\n"
)
BODY = b"".join(_PARAGRAPH * 3 + b"https://www.sender.test/offers/%d?season=spring\r\n" % link for link in range(12))
_FIELDS = {"name": "Anna Lindqvist", "city": "Uppsala"}
_LETTER = b"From: person@sender.test\r\nSubject: P6\r\n\r\n" + b"A letter of a person.\r\n" * 20 + b".\r\n"
_PEOPLE_PAUSE = 0.01
_STALL_SECONDS = 20.0


def deliver(recipients: int, sink: Sink, folder: Path, key_file: Path) -> Figures:
    """P4: queued while paused; the clock runs from resume to the last arrival."""
    sink.reset()
    with server.running(
        folder, dns=sink.dns, mx_port=sink.port, delivers=True, key_file=key_file, module="bench.campaign_server"
    ) as mta:
        owner = folder / "var/run/owner.sock"
        stream = _stream(owner, paused=True)
        _hand_over(Job(str(owner), stream, recipients, fields=_FIELDS))
        cpu, sink_cpu = cpu_seconds(mta.pid), cpu_seconds(sink.pid)
        with PeakMemory(mta.pid) as memory:
            began = time.monotonic()
            ask(owner, {"verb": "stream", "do": "change", "stream_id": stream, "event": "resume"})
            ended = _arrived(sink, recipients)
        counts = sink.counts()
        came = counts["accepted"]
        return Figures(
            rate=came / (ended - began),
            cpu_ms=(cpu_seconds(mta.pid) - cpu) / recipients * 1e3,
            pss_mib=memory.mib,
            sink_ms=(cpu_seconds(sink.pid) - sink_cpu) / recipients * 1e3,
            fault="" if came == recipients and not counts["duplicates"] else f"delivered {came} of {recipients}",
        )


def enqueue(recipients: int, folder: Path) -> Figures:
    """P6: while a person submits letters, whose 250s are the latencies. `octets`: disk per recipient."""
    with server.running(folder, dns="127.0.0.1:9", mx_port=25, delivers=False, key_file=None) as mta:
        owner = folder / "var/run/owner.sock"
        job = Job(str(owner), _stream(owner), recipients)
        latencies: list[float] = []
        over = threading.Event()
        person = threading.Thread(target=_submit, args=(mta.port, latencies, over))
        cpu = cpu_seconds(mta.pid)
        person.start()
        handed = _hand_over(job)
        over.set()
        person.join()
        cpu = cpu_seconds(mta.pid) - cpu
    return Figures(
        rate=handed.added / handed.seconds,
        cpu_ms=cpu / recipients * 1e3,
        p50_ms=statistics.median(latencies) * 1e3,
        p99_ms=sorted(latencies)[int(len(latencies) * 0.99)] * 1e3,
        longest_ms=max(latencies) * 1e3,
        octets=_octets(folder / "var/queue.db") / recipients,
        load_ms=handed.cpu_seconds / recipients * 1e3,
        fault="" if handed.added == recipients else f"queued {handed.added} of {recipients}",
    )


def _stream(owner: Path, *, paused: bool = False) -> int:
    new = {
        "account_id": 1, "name": "bench", "reverse_path": "news@sender.test", "head": _base64(HEAD),
        "body": _base64(BODY), "lifetime_ms": 86_400_000, "is_paused": paused, "keeps_path": True,
    }  # fmt: skip
    return int(str(ask(owner, {"verb": "stream", "do": "create", "stream": new})["stream_id"]))


def _hand_over(job: Job) -> Handed:
    said = subprocess.run(
        [sys.executable, "-P", "-m", "bench.producer", msgspec.json.encode(job)],
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    ).stdout
    return msgspec.json.decode(said, type=Handed)


def _arrived(sink: Sink, recipients: int) -> float:
    arrived, since = -1, time.monotonic()
    while arrived < recipients and time.monotonic() - since < _STALL_SECONDS:
        now = sink.counts()["accepted"]
        if now != arrived:
            arrived, since = now, time.monotonic()
        time.sleep(0.1)
    return sink.last_arrival() - time.time() + time.monotonic()


def _submit(port: int, latencies: list[float], over: threading.Event) -> None:
    with _Client(port) as client:
        while not over.wait(_PEOPLE_PAUSE):
            began = time.monotonic()
            client.send(((b"MAIL FROM:<person@sender.test>\r\n", b"RCPT TO:<other@dom001.test>\r\n"), _LETTER))
            latencies.append(time.monotonic() - began)


def _octets(path: Path) -> int:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path.stat().st_size


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
