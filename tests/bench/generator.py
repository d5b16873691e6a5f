"""The load: programs that submit mail, each a process with one blocking socket, as an ordinary client would.

Run as `python -m bench.generator JOB`, JOB being a `Job` in JSON; prints one `Sent` in JSON. Every message is made
before the first is sent, and nothing is pipelined: a client that waits for each reply is the harder load.

Knows  nothing of the server but its address.
"""

import multiprocessing
import socket
import sys
import time
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Barrier

import msgspec
from bench.cases import DOMAINS

_LINE = b"The quick brown fox jumps over the lazy dog while the mail is waiting.\r\n"
_HEAD = (
    "From: Bench Sender <news@sender.test>\r\nTo: {to}\r\nSubject: bench message {number}\r\n"
    "Message-ID: <{number}.{stamp}@sender.test>\r\nDate: Mon, 23 Nov 2026 08:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
)
_PATIENCE_SECONDS = 60.0


class Job(msgspec.Struct, frozen=True):
    """What to send where. `stamp` makes the Message-IDs of this run its own."""

    port: int
    sessions: int
    messages: int
    recipients: int
    per_connection: int  # 0: all
    stamp: int
    size: int
    domain: str = ""  # all to this one; "" = to each of the sink's hundred in turn


class Sent(msgspec.Struct, frozen=True):
    """What came of it; times are monotonic seconds, the same clock in all processes of a machine."""

    began: float
    ended: float
    latencies: list[float]  # of each accepted message, MAIL FROM to 250
    cpu_seconds: float
    faults: list[str]


def run(job: Job) -> Sent:
    """Send it all."""
    fork = multiprocessing.get_context("fork")
    ready = fork.Barrier(job.sessions)
    pipes = [fork.Pipe(duplex=False) for _ in range(job.sessions)]
    sessions = [
        fork.Process(target=_session, args=(job, number, ready, theirs)) for number, (_, theirs) in enumerate(pipes)
    ]
    for session in sessions:
        session.start()
    parts = [msgspec.json.decode(ours.recv_bytes(), type=Sent) for ours, _ in pipes]
    for session in sessions:
        session.join()
    return _together(parts)


def _together(parts: list[Sent]) -> Sent:
    return Sent(
        min(part.began for part in parts),
        max(part.ended for part in parts),
        [each for part in parts for each in part.latencies],
        sum(part.cpu_seconds for part in parts),
        [each for part in parts for each in part.faults],
    )


def _session(job: Job, number: int, ready: Barrier, result: Pipe) -> None:
    body = (_LINE * (job.size // len(_LINE) + 1))[: job.size - 2] + b"\r\n"
    messages = [_message(job, each, body) for each in range(number, job.messages, job.sessions)]
    latencies: list[float] = []
    faults: list[str] = []
    ready.wait()
    cpu, began = time.process_time(), time.monotonic()
    try:
        _send_all(job, messages, latencies)
    except (OSError, Unexpected) as error:
        faults.append(f"session {number}: {error!r}")
    ended = time.monotonic()
    result.send_bytes(msgspec.json.encode(Sent(began, ended, latencies, time.process_time() - cpu, faults)))


Message = tuple[tuple[bytes, ...], bytes]  # the commands of its envelope, its content with the dot


def _message(job: Job, number: int, body: bytes) -> Message:
    ids = range(number * job.recipients, (number + 1) * job.recipients)
    paths = [f"u{each}@{job.domain or f'dom{each % DOMAINS:03d}.test'}" for each in ids]
    head = _HEAD.format(to=paths[0], number=number, stamp=job.stamp)
    commands = ["MAIL FROM:<bounce@sender.test>\r\n", *(f"RCPT TO:<{path}>\r\n" for path in paths)]
    return tuple(each.encode() for each in commands), head.encode() + body + b".\r\n"


def _send_all(job: Job, messages: list[Message], latencies: list[float]) -> None:
    at_once = job.per_connection or len(messages)
    for first in range(0, len(messages), at_once):
        with _Client(job.port) as client:
            for message in messages[first : first + at_once]:
                began = time.monotonic()
                client.send(message)
                latencies.append(time.monotonic() - began)


class Unexpected(Exception):
    """A reply that a load does not get; str() is the reply."""


class _Client:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), _PATIENCE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "_Client":
        self._expect(b"220")
        self._say(b"EHLO load.test\r\n", b"250")
        return self

    def __exit__(self, *failed: object) -> None:
        if failed[0] is None:
            self._say(b"QUIT\r\n", b"221")
        self._socket.close()

    def send(self, message: Message) -> None:
        commands, content = message
        for command in commands:
            self._say(command, b"250")
        self._say(b"DATA\r\n", b"354")
        self._say(content, b"250")

    def _say(self, octets: bytes, wanted: bytes) -> None:
        self._socket.sendall(octets)
        self._expect(wanted)

    def _expect(self, wanted: bytes) -> None:
        reply = self._socket.recv(4096)
        while not _is_whole(reply):
            more = self._socket.recv(4096)
            if not more:
                raise Unexpected(f"connection closed after {reply!r}")
            reply += more
        if not reply.startswith(wanted):
            raise Unexpected(reply.decode("ascii", "replace"))


def _is_whole(reply: bytes) -> bool:
    """Whether the last line of a reply is there (RFC 5321 §4.2.1)."""
    last = reply.rfind(b"\n", 0, -1) + 1
    return reply.endswith(b"\r\n") and reply[last + 3 : last + 4] == b" "


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(run(msgspec.json.decode(sys.argv[1], type=Job))))
