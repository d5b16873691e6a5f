"""The server's table, exhaustively: every command in every phase, through a session that was led there."""

import asyncio
from base64 import b64encode

import msgspec
import pytest
from fakes.clock import FakeClock
from fakes.intake import OneAccount, RecordingIntake, ScriptedPolicy
from youtong.mta.smtp.server_phases import Phase
from youtong.mta.submission.budget import MemoryBudget
from youtong.mta.submission.role import SubmissionRole
from youtong.mta.submission.session import COMMANDS, Session
from youtong.mta.submission.sessions import Certificate, SessionContext, Sessions
from youtong.mta.submission.settings import SubmissionSettings

LOGIN = "AUTH PLAIN " + b64encode(b"\0alice@example.org\0secret").decode()
TO_RCPT = ("EHLO x", "MAIL FROM:<alice@example.org>", "RCPT TO:<b@example.net>")
PATHS: dict[Phase, tuple[str, ...]] = {
    Phase.CONNECTED: (),
    Phase.READY: TO_RCPT[:1],
    Phase.MAIL: TO_RCPT[:2],
    Phase.RCPT: TO_RCPT,
    Phase.CHUNKS: (*TO_RCPT, "BDAT 6\r\nA: b"),
}
ARGUMENTS = {
    "EHLO": " y",
    "HELO": " y",
    "VRFY": " b",
    "MAIL": " FROM:<alice@example.org>",
    "RCPT": " TO:<c@example.net>",
    "BDAT": " 3\r\nx",  # and the end of the line
    "AUTH": LOGIN.removeprefix("AUTH"),
}
OUT_OF_ORDER = {  # RFC 5321 §4.1.4, RFC 3207 §4, RFC 4954 §4, RFC 3030 §2: refused in these phases, all else in none
    "STARTTLS": {Phase.CONNECTED, Phase.MAIL, Phase.RCPT, Phase.CHUNKS},
    "AUTH": {Phase.CONNECTED, Phase.MAIL, Phase.RCPT, Phase.CHUNKS},
    "MAIL": {Phase.CONNECTED, Phase.MAIL, Phase.RCPT, Phase.CHUNKS},
    "RCPT": {Phase.CONNECTED, Phase.READY, Phase.CHUNKS},
    "DATA": {Phase.CONNECTED, Phase.READY, Phase.MAIL, Phase.CHUNKS},
    "BDAT": {Phase.CONNECTED, Phase.READY, Phase.MAIL},
}
SUCCESS = {  # the code, and the phase behind it; None: the same as before
    "EHLO": (250, Phase.READY),
    "HELO": (250, Phase.READY),
    "NOOP": (250, None),
    "HELP": (214, None),
    "VRFY": (252, None),
    "QUIT": (221, None),
    "AUTH": (235, None),
    "MAIL": (250, Phase.MAIL),
    "RCPT": (250, Phase.RCPT),
    "DATA": (354, Phase.RCPT),
    "BDAT": (250, Phase.CHUNKS),
}


class Wire(asyncio.Transport):
    def __init__(self, client: str) -> None:
        super().__init__({"peername": (client, 40_000)})
        self.said = b""
        self.closed = False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.said += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


class Room:
    """A session whose client is on loopback, and trusted unless it is to log in."""

    def __init__(self, *, trusts: str = "127.0.0.1", client: str = "127.0.0.1", tls: bool = False) -> None:
        settings, self.intake = SubmissionSettings("mx.example.org"), RecordingIntake()
        self.accounts = OneAccount(trusts=trusts)
        role = SubmissionRole(self.accounts, ScriptedPolicy(), self.intake)
        sessions, budget = Sessions(settings.limits), MemoryBudget(1_000_000)
        self.session = Session(
            SessionContext(settings, role, FakeClock(), budget, sessions, Certificate(None)), tls=False
        )
        self.wire = Wire(client)
        self.session.connection_made(self.wire)
        if tls:
            self.session.peer = msgspec.structs.replace(self.session.peer, tls="TLSv1.3")

    async def say(self, line: str) -> list[str]:
        """The lines of the replies."""
        self.wire.said = b""
        self.session.data_received(line.encode() + b"\r\n")
        for _ in range(20):
            await asyncio.sleep(0)
        return self.wire.said.decode().splitlines()

    async def lead_to(self, phase: Phase) -> None:
        for line in PATHS[phase]:
            await self.say(line)
        assert self.session.phase is phase


def as_client_says(verb: str) -> str:
    return verb + ARGUMENTS.get(verb, "")


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("verb", COMMANDS)
async def test_every_command_in_every_phase_is_answered_and_leads_where_it_must(verb: str, phase: Phase) -> None:
    room = Room()
    await room.lead_to(phase)
    said = await room.say(as_client_says(verb))
    code, follows = expected(verb, phase)
    assert [line[:3] for line in said] == [str(code)] * len(said)
    assert said[-1][3] == " "
    assert room.session.phase is (follows or phase)
    assert room.wire.closed == (verb == "QUIT")
    assert room.session.in_content == (verb == "DATA" and phase is Phase.RCPT)


def expected(verb: str, phase: Phase) -> tuple[int, Phase | None]:
    if phase in OUT_OF_ORDER.get(verb, ()):
        ends_it = verb == "BDAT" and phase is not Phase.CONNECTED  # a refused chunk ends the transaction
        return 503, Phase.READY if ends_it else None
    if verb == "RSET":
        return 250, None if phase is Phase.CONNECTED else Phase.READY
    return SUCCESS.get(verb, (502, None))  # STARTTLS without a certificate


@pytest.mark.parametrize("phase", Phase)
async def test_after_any_command_in_any_phase_a_message_can_be_sent(phase: Phase) -> None:
    for verb in set(COMMANDS) - {"QUIT", "DATA"}:
        room = Room()
        await room.lead_to(phase)
        await room.say(as_client_says(verb))
        await room.say("RSET")
        for line in (*TO_RCPT, "DATA"):
            await room.say(line)
        assert (await room.say("A: b\r\n\r\nhello\r\n."))[0].startswith("250 2.0.0 queued"), verb
        (submission,) = room.intake.submissions
        assert [path.address for path in submission.envelope.recipients] == ["b@example.net"]


@pytest.mark.parametrize("phase", [Phase.CONNECTED, Phase.READY])
@pytest.mark.parametrize("verb", COMMANDS)
async def test_without_a_login_no_command_leads_into_a_transaction(verb: str, phase: Phase) -> None:
    room = Room(trusts="")
    await room.lead_to(phase)
    await room.say(as_client_says(verb) if verb != "AUTH" else "AUTH PLAIN AGEAYg==")
    said = await room.say("MAIL FROM:<alice@example.org>")
    assert room.session.phase in (Phase.CONNECTED, Phase.READY)
    assert all(line.startswith(("503", "530")) for line in said)


@pytest.mark.parametrize("verb", ["EXPN", "ETRN", "TURN", "BURL", "XCLIENT", "GET", "É", ""])
@pytest.mark.parametrize("phase", Phase)
async def test_what_is_no_command_here_changes_no_phase(verb: str, phase: Phase) -> None:
    room = Room()
    await room.lead_to(phase)
    said = await room.say(verb + " x")
    assert said[-1][:3] in ("500", "502", "421")
    assert room.session.phase is phase
    assert room.wire.closed == (verb == "GET")  # somebody's browser is told to go


@pytest.mark.parametrize("client", ["192.0.2.7", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.7"])
async def test_over_a_network_in_the_clear_auth_is_neither_offered_nor_taken(client: str) -> None:
    room = Room(trusts="", client=client)
    assert not any("AUTH" in line for line in await room.say("EHLO x"))
    assert (await room.say(LOGIN))[0].startswith("538 5.7.11 ")
    assert room.accounts.asked == []
    assert (await room.say("MAIL FROM:<alice@example.org>"))[0].startswith("530 5.7.0 ")


@pytest.mark.parametrize(("client", "tls"), [("192.0.2.7", True), ("127.0.0.1", False), ("::1", False)])
async def test_under_tls_or_on_this_machine_auth_is_offered_and_taken(client: str, tls: bool) -> None:
    room = Room(trusts="", client=client, tls=tls)
    assert "250-AUTH PLAIN LOGIN" in await room.say("EHLO x")
    assert (await room.say(LOGIN))[0].startswith("235 ")
    assert (await room.say("MAIL FROM:<alice@example.org>"))[0].startswith("250 ")
