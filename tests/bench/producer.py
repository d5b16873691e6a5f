"""The load of P6: a producer that hands recipients over to a stream, as a program with a list of them would.

Run as `python -m bench.producer JOB`, JOB being a `Job` in JSON; prints one `Handed` in JSON. Two connections to the
owner take turns: while one chunk is committed, the next is on its way.

Knows  nothing of the owner but its socket and its questions.
"""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from bench.cases import DOMAINS

_CONNECTIONS = 2


class Job(msgspec.Struct, frozen=True):
    """What to hand over. `fields`: JSON object that each recipient gets, or nothing: then it is a row's reference."""

    socket: str
    stream_id: int
    recipients: int
    chunk: int = 1000
    fields: dict[str, str] = {}


class Handed(msgspec.Struct, frozen=True):
    """What came of it. `longest_ms`: of one chunk."""

    seconds: float
    added: int
    longest_ms: float
    cpu_seconds: float


def hand_over(job: Job) -> Handed:
    """All of it, in order of their keys."""
    chunks = iter(list(_chunks(job)))  # made before the clock runs
    lock = threading.Lock()
    added: list[int] = []
    times: list[float] = []

    def work() -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(job.socket)
            answers = connection.makefile("rb")
            while True:
                with lock:
                    chunk = next(chunks, None)
                if chunk is None:
                    return
                began = time.monotonic()
                connection.sendall(chunk)
                answer = json.loads(answers.readline())
                times.append(time.monotonic() - began)
                added.append(answer.get("added", 0))

    cpu, began = time.process_time(), time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Handed(time.monotonic() - began, sum(added), max(times) * 1e3, time.process_time() - cpu)


def _chunks(job: Job) -> Iterator[bytes]:
    for first in range(0, job.recipients, job.chunk):
        last = min(job.recipients, first + job.chunk)
        recipients = [_recipient(number, job.fields) for number in range(first, last)]
        question = {"verb": "stream", "do": "enqueue", "stream_id": job.stream_id, "recipients": recipients}
        yield msgspec.json.encode(question) + b"\n"


def _recipient(number: int, fields: dict[str, str]) -> tuple[object, ...]:
    """Addresses come in no order of domains."""
    address = f"reader{number * 7919 % 10_000_019}@dom{number * 31 % DOMAINS:03d}.test"
    return (f"{number:07d}", address, fields) if fields else (f"{number:07d}", address)


def ask(path: Path, question: dict[str, object]) -> dict[str, object]:
    """One question to the owner."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(msgspec.json.encode(question) + b"\n")
        return json.loads(connection.makefile("rb").readline())


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(hand_over(msgspec.json.decode(sys.argv[1], type=Job))))
