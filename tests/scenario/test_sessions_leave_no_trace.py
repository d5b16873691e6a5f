"""100,000 connections one after another, of every kind, leave nothing: no task, file, session, memory or object.

SOAK_SHARE scales the number; CI makes one in a hundred.
"""

import asyncio
import gc
import os
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop
from fakes.intake import OneAccount, RecordingBody, RecordingIntake, ScriptedPolicy
from fakes.tls import server_context, write_certificate
from youtong.mta.clock import SystemClock
from youtong.mta.envelope import Envelope
from youtong.mta.reply import Reply
from youtong.mta.submission.listener import SubmissionListener
from youtong.mta.submission.ports import Accept, Client, MessageVerdict, Origin, Submission
from youtong.mta.submission.role import SubmissionRole
from youtong.mta.submission.session import Session
from youtong.mta.submission.settings import SessionLimits, SubmissionSettings

CONNECTIONS = max(700, int(100_000 * float(os.environ.get("SOAK_SHARE", "0.01"))))
WARM_UP = 350  # caches are full then
BLOCKS_PER_CONNECTION = 0.5  # allocator blocks; a session that stayed would be hundreds
MAIL = b"EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\n"
HEAD = b"From: a@example.org\r\n\r\n"


class ForgetfulBody(RecordingBody):
    """Keeps nothing, and is gone from the count of open ones when it is discarded."""

    def __init__(self, undone: set["ForgetfulBody"]) -> None:
        super().__init__()
        self._undone = undone
        undone.add(self)

    def discard(self) -> None:
        self._undone.discard(self)


class ForgetfulIntake(RecordingIntake):
    """Takes every message and keeps none."""

    def __init__(self) -> None:
        super().__init__()
        self.undone: set[ForgetfulBody] = set()

    def open_body(self) -> ForgetfulBody:
        return ForgetfulBody(self.undone)

    async def accept(self, submission: Submission) -> Reply:
        return self.says


class NoObjection(ScriptedPolicy):
    def message(
        self, client: Client, origin: Origin, envelope: Envelope, head: bytes, size_bytes: int
    ) -> MessageVerdict:
        return Accept()


class Guest:
    """A socket that speaks, and goes as rudely as it likes."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address

    async def say(self, *parts: bytes, until: bytes = b"", reset: bool = False) -> None:
        """Connect, send, read until the server says or closes, and go."""
        loop = asyncio.get_running_loop()
        with socket.socket() as client:
            client.setblocking(False)
            await loop.sock_connect(client, self._address)
            for part in parts:
                await loop.sock_sendall(client, part)
            heard = b""
            while until and until not in heard and (more := await loop.sock_recv(client, 65536)):
                heard += more
            assert until in heard, heard
            if reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Kind = Callable[[Guest, Guest], Awaitable[None]]
KINDS: dict[str, Kind] = {
    "connect and close": lambda plain, tls: plain.say(),
    "connect and reset": lambda plain, tls: plain.say(until=b"220", reset=True),
    "hello and quit": lambda plain, tls: plain.say(b"EHLO x\r\nQUIT\r\n", until=b"221"),
    "a message": lambda plain, tls: plain.say(MAIL + b"DATA\r\n", HEAD + b"x\r\n.\r\nQUIT\r\n", until=b"221"),
    "half a message": lambda plain, tls: plain.say(MAIL + b"DATA\r\n", HEAD + b"x", until=b"354"),
    "half a large message, reset": lambda plain, tls: plain.say(
        MAIL + b"DATA\r\n", HEAD + b"line\r\n" * 15_000, until=b"354", reset=True
    ),
    "half a chunk": lambda plain, tls: plain.say(MAIL + b"BDAT 100\r\n" + HEAD, until=b"2.1.5"),
    "gone after the dot": lambda plain, tls: plain.say(MAIL + b"DATA\r\n", HEAD + b".\r\n", until=b"354", reset=True),
    "half a login": lambda plain, tls: plain.say(b"EHLO x\r\nAUTH LOGIN\r\n", until=b"334"),
    "garbage after STARTTLS": lambda plain, tls: plain.say(b"EHLO x\r\nSTARTTLS\r\n", b"\0" * 50, until=b"220 2.0.0"),
    "gone in the handshake": lambda plain, tls: plain.say(b"EHLO x\r\nSTARTTLS\r\n", until=b"220 2.0.0", reset=True),
    "implicit TLS, gone before the handshake": lambda plain, tls: tls.say(),
    "implicit TLS, garbage": lambda plain, tls: tls.say(b"EHLO x\r\n", reset=True),
    "bad commands until closed": lambda plain, tls: plain.say(b"FOO\r\n" * 30, until=b"421"),
}


def living() -> int:
    """Sessions that somebody still refers to."""
    gc.collect()
    return sum(isinstance(each, Session) for each in gc.get_objects())


class Traces:
    """What could grow."""

    def __init__(self, listener: SubmissionListener) -> None:
        self.objects = living()
        self.tasks = len(asyncio.all_tasks())
        self.files = len(os.listdir("/proc/self/fd"))
        self.sessions = len(listener.sessions)
        self.memory = listener._context.budget.free
        self.blocks = sys.getallocatedblocks()


async def started(folder: Path) -> SubmissionListener:
    context = server_context(write_certificate(folder / "server.pem"))
    limits = SessionLimits(failures_before_slowing=10**9)
    settings = SubmissionSettings("mx.example.org", ("127.0.0.1:0",), ("127.0.0.1:0",), context, limits=limits)
    role = SubmissionRole(OneAccount(trusts="127.0.0.1"), NoObjection(), ForgetfulIntake())
    listener = SubmissionListener(settings, role, SystemClock())
    await listener.start()
    return listener


async def make(listener: SubmissionListener, connections: int) -> None:
    plain, tls = Guest(listener.addresses[0]), Guest(listener.tls_addresses[0])
    kinds = tuple(KINDS.items())
    for number in range(connections):
        name, kind = kinds[number % len(kinds)]
        try:
            async with asyncio.timeout(20):
                await kind(plain, tls)
        except Exception as error:
            raise AssertionError(f"connection {number}: {name}") from error
    async with asyncio.timeout(20):
        while len(listener.sessions):  # noqa: ASYNC110 - the loop's turns are what it takes
            await asyncio.sleep(0)
    listener._watch.look()  # it remembers who was there when it last looked
    for _ in range(50):  # transports close in turns of their own
        if not living():
            return
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_connections_of_every_kind_leave_no_trace(
    tmp_path: Path, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_leave_no_trace(tmp_path))


async def _leave_no_trace(folder: Path) -> None:
    listener = await started(folder)
    intake = listener._context.role.intake
    assert isinstance(intake, ForgetfulIntake)
    await make(listener, WARM_UP)
    before = Traces(listener)
    await make(listener, CONNECTIONS)
    after = Traces(listener)
    assert intake.undone == set()
    assert (after.tasks, after.files, after.sessions) == (before.tasks, before.files, 0)
    assert (after.memory, after.objects) == (before.memory, 0)
    assert after.blocks - before.blocks < BLOCKS_PER_CONNECTION * CONNECTIONS
    await listener.stop(0)
