"""A client that vanishes after any octet that it sends: by half-close, end of file and reset, answered or not; in a
login, an envelope, DATA, a chunk, a large body, a handshake and inside TLS. Nothing of it may stay, and a message is
taken when its end has come and never otherwise. Real sockets, both event loops.
"""

import asyncio
import socket
import ssl
import struct
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Self

import pytest
import uvloop
from fakes.clock import FakeClock
from fakes.intake import OneAccount, RecordingIntake, ScriptedPolicy
from fakes.tls import server_context, trusting_context, write_certificate
from youtong.mta.submission.listener import listen
from youtong.mta.submission.settings import SessionLimits, SubmissionSettings

HEAD = b"From: alice@example.org\r\nSubject: x\r\n\r\n"
LOGIN = b"AUTH LOGIN\r\n%b\r\n%b\r\n" % (b64encode(b"alice@example.org"), b64encode(b"secret"))
ENVELOPE = b"MAIL FROM:<alice@example.org> SIZE=90\r\nRCPT TO:<b@example.net>\r\nRCPT TO:<c@example.net>\r\n"
DATA = b"EHLO x\r\n" + LOGIN + ENVELOPE + b"DATA\r\n" + HEAD + b"hello\r\n..\r\n.\r\n"
CHUNKS = b"EHLO x\r\n" + LOGIN + ENVELOPE + b"BDAT %d\r\n%bBDAT 7 LAST\r\nhello\r\n" % (len(HEAD), HEAD)
LARGE = b"EHLO x\r\n" + LOGIN + ENVELOPE + b"DATA\r\n" + HEAD + b"line\r\n" * 40_000 + b".\r\n"
NOT_A_LIMIT = 1_000_000
RESET = struct.pack("ii", 1, 0)


class Door:
    """A listener, and what its sessions left behind."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.context = context

    async def __aenter__(self) -> Self:
        self.intake = RecordingIntake()
        limits = SessionLimits(failures_before_slowing=NOT_A_LIMIT)
        settings = SubmissionSettings("mx.example.org", ("127.0.0.1:0",), tls_context=self.context, limits=limits)
        self.listener = await listen(settings, OneAccount(), ScriptedPolicy(), self.intake, FakeClock())
        self.free = self.listener._context.budget.free
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.half_close(b"QUIT\r\n")  # connections are accepted in their order: all that came before are known
        await self.listener.stop(0)

    @property
    def taken(self) -> int:
        return len(self.intake.submissions)

    async def connect(self) -> socket.socket:
        client = socket.socket()
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, self.listener.addresses[0])
        return client

    async def be_left(self) -> None:
        """Wait until nobody is there, and see that everything was given back."""
        async with asyncio.timeout(10):
            while len(self.listener.sessions):  # noqa: ASYNC110 - the loop's turns are what it takes
                await asyncio.sleep(0)
        assert self.listener._context.budget.free == self.free
        assert sum(not body.discarded for body in self.intake.bodies) <= self.taken

    async def half_close(self, octets: bytes) -> bytes:
        """All that is answered to a client that sends this and closes its side."""
        with await self.connect() as client:
            await asyncio.get_running_loop().sock_sendall(client, octets)
            client.shutdown(socket.SHUT_WR)
            said = await read(client)
        await self.be_left()
        return said

    async def vanish(self, octets: bytes, *, answers: int, reset: bool) -> None:
        """Send this, read so many octets, and go."""
        with await self.connect() as client:
            await asyncio.get_running_loop().sock_sendall(client, octets)
            await read(client, answers)
            if reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        await self.be_left()


async def read(client: socket.socket, octets: int = NOT_A_LIMIT) -> bytes:
    said = b""
    async with asyncio.timeout(10):
        while len(said) < octets and (more := await asyncio.get_running_loop().sock_recv(client, 65_536)):
            said += more
    return said


Run = Callable[[Awaitable[None]], None]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    def run(what: Awaitable[None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(what)  # type: ignore[arg-type]

    return run


def cuts_of(talk: bytes) -> list[int]:
    """After every octet; in a large body here and there, and around its end."""
    if len(talk) < 1000:
        return [*range(len(talk) + 1)]
    return [*range(1000, len(talk), 20_011), *range(len(talk) - 6, len(talk) + 1)]


@pytest.mark.parametrize("talk", [DATA, CHUNKS, LARGE], ids=["data", "chunks", "large"])
def test_what_was_said_before_a_half_close_is_answered_and_a_message_taken_only_whole(run: Run, talk: bytes) -> None:
    async def each_cut() -> None:
        async with Door() as door:
            before = b""
            for cut in cuts_of(talk):
                taken = door.taken
                said = await door.half_close(talk[:cut])
                assert said.startswith(before), cut
                assert door.taken - taken == (cut == len(talk)), cut
                before = said
            assert before.endswith(b"250 2.0.0 queued as 1\r\n")

    run(each_cut())


@pytest.mark.parametrize("reset", [False, True], ids=["end", "reset"])
@pytest.mark.parametrize("talk", [DATA, CHUNKS, LARGE], ids=["data", "chunks", "large"])
def test_a_client_that_read_its_answers_and_vanishes_leaves_nothing(run: Run, talk: bytes, reset: bool) -> None:
    async def each_cut() -> None:
        async with Door() as door:
            for cut in cuts_of(talk):
                said = await door.half_close(talk[:cut])
                taken = door.taken
                await door.vanish(talk[:cut], answers=len(said), reset=reset)
                assert door.taken - taken == (cut == len(talk)), cut

    run(each_cut())


@pytest.mark.parametrize("reset", [False, True], ids=["end", "reset"])
@pytest.mark.parametrize("talk", [DATA, CHUNKS, LARGE], ids=["data", "chunks", "large"])
def test_a_client_that_vanishes_without_reading_leaves_nothing(run: Run, talk: bytes, reset: bool) -> None:
    async def each_cut() -> None:
        async with Door() as door:
            for cut in cuts_of(talk):
                taken = door.taken
                await door.vanish(talk[:cut], answers=0, reset=reset)
                assert door.taken - taken <= (cut == len(talk)), cut

    run(each_cut())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server_context(write_certificate(tmp_path_factory.mktemp("tls") / "server.pem"))


def client_hello() -> bytes:
    outgoing = ssl.MemoryBIO()
    client = trusting_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("reset", [False, True], ids=["end", "reset"])
def test_a_client_that_vanishes_in_its_hello_of_tls_leaves_nothing(
    run: Run, certificate: ssl.SSLContext, reset: bool
) -> None:
    async def each_cut() -> None:
        async with Door(certificate) as door:
            said = await door.half_close(b"EHLO x\r\nSTARTTLS\r\n")
            assert b"\r\n220 2.0.0 " in said
            hello = client_hello()
            for cut in [*range(0, len(hello), 5), len(hello)]:
                with await door.connect() as client:
                    await asyncio.get_running_loop().sock_sendall(client, b"EHLO x\r\nSTARTTLS\r\n")
                    await read(client, len(said))
                    await asyncio.get_running_loop().sock_sendall(client, hello[:cut])
                    if reset:
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                await door.be_left()

    run(each_cut())


@pytest.mark.parametrize("way", ["close", "end", "reset"])
def test_a_client_that_vanishes_inside_tls_leaves_nothing(run: Run, certificate: ssl.SSLContext, way: str) -> None:
    async def each_cut() -> None:
        async with Door(certificate) as door:
            for cut in range(0, len(DATA), 5):
                await vanish_inside_tls(door, DATA[:cut], way)
                await door.be_left()
            assert door.taken == 0
            await vanish_inside_tls(door, DATA, way, until=b"queued")
            await door.be_left()
            assert door.taken == 1

    run(each_cut())


async def vanish_inside_tls(door: Door, octets: bytes, way: str, until: bytes = b"") -> None:
    reader, writer = await asyncio.open_connection(*door.listener.addresses[0])
    await reader.readline()
    writer.write(b"EHLO x\r\nSTARTTLS\r\n")
    await reader.readuntil(b"220 2.0.0 begin TLS\r\n")
    await writer.start_tls(trusting_context(), server_hostname="localhost")
    writer.write(octets)
    if until:
        await reader.readuntil(until)
    if way == "reset":
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    if way == "close":
        writer.close()
    else:
        writer.transport.abort()
