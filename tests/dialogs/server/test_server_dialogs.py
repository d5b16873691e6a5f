"""The dialogs in this folder, with a real listener on loopback, on both event loops."""

import asyncio
import fnmatch
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from fakes.clock import FakeClock
from fakes.dialog_file import Situation, octets, read_situations
from fakes.intake import OneAccount, RecordingIntake, ScriptedPolicy
from fakes.tls import server_context, trusting_context, write_certificate
from youtong.mta.reply import reply
from youtong.mta.submission.listener import listen
from youtong.mta.submission.ports import InlineBody, Refuse, Verdict
from youtong.mta.submission.settings import SessionLimits, SubmissionSettings

NewLoop = Callable[[], asyncio.AbstractEventLoop]
SITUATIONS = [
    pytest.param(situation, id=f"{path.stem}: {situation.title}")
    for path in sorted(Path(__file__).parent.glob("*.smtp"))
    for situation in read_situations(path)
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


class Peer:
    """The client that acts a situation."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, intake: RecordingIntake) -> None:
        self._reader, self._writer, self._intake = reader, writer, intake

    async def act(self, kind: str, text: str) -> None:
        match kind:
            case "C:":
                self._writer.write(octets(text) + b"\r\n")
            case "C!":
                self._writer.write(octets(text))
            case "S:":
                line = (await self._reader.readline()).decode("utf-8")
                assert fnmatch.fnmatchcase(line, text + "\r\n"), f"expected {text!r}, got {line!r}"
            case "S+":
                await self._whole_reply(text)
            case "TLS":
                await self._writer.start_tls(trusting_context(), server_hostname="localhost")
            case "END":
                self._writer.write_eof()
            case "CLOSED":
                assert await self._reader.read() == b""
            case "?":
                self._check(*text.split(" ", 1))
            case "%":
                pass
            case _:
                raise AssertionError(kind)

    async def _whole_reply(self, code: str) -> None:
        while True:
            line = (await self._reader.readline()).decode("utf-8")
            assert line.startswith(code), f"expected {code}, got {line!r}"
            if line[3] == " ":
                return

    def _check(self, what: str, value: str) -> None:
        taken = self._intake.submissions
        if what == "accepted":
            assert len(taken) == int(value)
        elif what == "body":
            assert isinstance(taken[-1].body, InlineBody)
            assert taken[-1].body.octets == octets(value)
        elif what == "head-ends":
            assert taken[-1].head.endswith(octets(value)), taken[-1].head
        elif what == "head-has":
            assert octets(value) in taken[-1].head, taken[-1].head
        elif what == "recipients":
            assert ",".join(path.address for path in taken[-1].envelope.recipients) == value
        elif what == "reverse-path":
            assert f"<{taken[-1].envelope.reverse_path}>" == value
        elif what == "dsn":
            assert f"{taken[-1].envelope.ret} {taken[-1].envelope.envid}" == value
        elif what == "by":
            by = taken[-1].envelope.by
            assert (f"{by.seconds} {by.mode}" if by is not None else "none") == value
        elif what in ("notify", "orcpt"):
            assert getattr(taken[-1].envelope.recipients[-1], what).encode() == octets(value)
        elif what == "declared":
            assert (str(taken[-1].envelope.body), str(taken[-1].envelope.smtputf8)) == tuple(value.split())
        else:
            raise AssertionError(what)


def _policy(said: dict[str, str]) -> ScriptedPolicy:
    policy = ScriptedPolicy()
    if "refuse_recipient" in said:
        policy.on_recipient = lambda address: _refuse(said["refuse_recipient"])
    if "refuse_mail" in said:
        policy.on_mail = lambda reverse_path: _refuse(said["refuse_mail"])
    if "refuse_connection" in said:
        policy.on_connection = lambda client: _refuse(said["refuse_connection"])
    if "refuse_message" in said:
        policy.on_message = lambda head: Refuse(_reply(said["refuse_message"]))
    if "broken" in said:
        policy.on_recipient = lambda address: _break()
    return policy


def _reply(text: str):
    code, enhanced, words = text.split(" ", 2)
    return reply(int(code), enhanced, words)


def _refuse(text: str) -> Verdict:
    return Refuse(_reply(text))


def _break() -> Verdict:
    raise ZeroDivisionError("a hook of a test")


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_server_speaks_as_written(situation: Situation, certificate: Path, new_loop: NewLoop) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_speak(situation, certificate))


async def _speak(situation: Situation, certificate: Path) -> None:
    said = situation.settings
    numbers = {key[6:]: int(value) for key, value in said.items() if key.startswith("limit.")}
    context = server_context(certificate) if said.get("tls", "yes") == "yes" else None
    settings = SubmissionSettings(
        "mx.example.org",
        ("127.0.0.1:0",),
        tls_context=context,
        max_message_size_bytes=int(said.get("max_message_size", 300_000)),
        limits=SessionLimits(**numbers),
    )
    intake = RecordingIntake()
    authenticator = OneAccount(trusts="" if said.get("trusted", "yes") == "no" else "127.0.0.1")
    listener = await listen(settings, authenticator, _policy(said), intake, FakeClock())
    reader, writer = await asyncio.open_connection(*listener.addresses[0])
    try:
        peer = Peer(reader, writer, intake)
        for kind, text in situation.steps:
            async with asyncio.timeout(20):
                await peer.act(kind, text)
    finally:
        writer.close()
        await listener.stop()


def test_there_are_a_hundred_situations() -> None:
    assert len(SITUATIONS) >= 100
