"""Real mail clients submit; what arrives is what they sent, except the fields that a submission server adds."""

import asyncio
import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import uvloop
from fakes.clock import FakeClock
from fakes.intake import ALICE, OneAccount, RecordingIntake, ScriptedPolicy, content_of
from fakes.mail_clients import CLIENTS, Errand
from fakes.mail_composers import COMPOSERS, Wish
from fakes.tls import server_context, write_certificate
from youtong.mta.submission.listener import listen
from youtong.mta.submission.ports import Submission
from youtong.mta.submission.settings import SubmissionSettings

pytestmark = pytest.mark.scenario

HEAD = (
    "From: Alice <alice@example.org>\r\nTo: bob@example.net\r\nSubject: =?utf-8?B?5L2g5aW9?=\r\n"
    "Date: Mon, 23 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n"
    'Content-Type: text/plain;\r\n\tcharset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
)
# No letter ends with a line that is a dot: swaks takes that for the end itself.
LETTERS = {
    "a small letter with dots": HEAD + ".\r\n..\r\n.dot\r\n\r\n" + "x" * 900 + "\r\n.\r\nend\r\n",
    "a letter of 300 KB in UTF-8": HEAD + ".\r\n你好，世界。 .\r\n" * 12_000,
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("channel", ["starttls", "tls"])
@pytest.mark.parametrize("client", list(CLIENTS))
def test_a_client_logs_in_and_its_letters_arrive_octet_for_octet(
    client: str, channel: str, mechanism: str, certificate: Path
) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        submissions = runner.run(_submit(client, channel, mechanism, certificate))
    assert len(submissions) == len(LETTERS)
    for letter, submission in zip(LETTERS.values(), submissions, strict=True):
        added, arrived = _split_added(content_of(submission))
        assert arrived == letter.encode()
        assert added.startswith(b"Received: from ")
        assert b"with ESMTPSA (TLSv1." in added
        assert submission.origin == ALICE
        assert submission.envelope.reverse_path == "alice@example.org"
        assert [path.address for path in submission.envelope.recipients] == ["bob@example.net", "eve@example.com"]


TEXT = "你好，世界。\n\n" + "a line of some length, and again " * 12 + "end\n"
DOTS = ".\n..\n.dot\n"  # sendemail doubles no dots, so it cannot send such lines


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("channel", ["starttls", "tls"])
@pytest.mark.parametrize("client", list(COMPOSERS))
def test_a_program_that_writes_letters_logs_in_and_its_letter_arrives(
    client: str, channel: str, mechanism: str, certificate: Path, tmp_path: Path
) -> None:
    if client == "sendemail" and channel == "tls":
        return  # it cannot
    attachment = tmp_path / "octets.bin"
    attachment.write_bytes(bytes(range(256)) * 400)
    (tmp_path / "home").mkdir()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        wanted = TEXT if client == "sendemail" else DOTS + TEXT
        submission = runner.run(_write(client, channel, mechanism, certificate, wanted, attachment))
    assert submission.origin == ALICE
    assert [path.address for path in submission.envelope.recipients] == ["bob@example.net", "eve@example.com"]
    letter = email.message_from_bytes(content_of(submission), policy=email.policy.default)
    assert "你好" in str(letter["Subject"])
    text, attached = _leaves(letter)
    assert wanted.rstrip("\n") in text.replace("\r\n", "\n")
    assert attached in (attachment.read_bytes(), b"")
    assert (attached == b"") == (client == "git send-email")  # in a patch it is text


def _leaves(letter: EmailMessage) -> tuple[str, bytes]:
    """The first text, and the attachment."""
    text, attached = "", b""
    for part in letter.walk():
        if part.get_filename():
            attached = bytes(part.get_payload(decode=True) or b"")
        elif not part.is_multipart() and not text:
            text = str(part.get_content())
    return text, attached


async def _write(
    client: str, channel: str, mechanism: str, certificate: Path, text: str, attachment: Path
) -> Submission:
    intake = RecordingIntake()
    listener = await listen(_settings(certificate), OneAccount(), ScriptedPolicy(), intake, FakeClock())
    port = (listener.addresses if channel == "starttls" else listener.tls_addresses)[0][1]
    wish = Wish(
        port, channel, mechanism, certificate, attachment.parent / "home", "alice@example.org",
        ("bob@example.net", "eve@example.com"), "你好 from a program", text, attachment,
    )  # fmt: skip
    try:
        await COMPOSERS[client](wish)
    finally:
        await listener.stop()
    (submission,) = intake.submissions
    return submission


def _settings(certificate: Path) -> SubmissionSettings:
    return SubmissionSettings(
        "mx.example.org", ("127.0.0.1:0",), ("127.0.0.1:0",), tls_context=server_context(certificate)
    )


async def _submit(client: str, channel: str, mechanism: str, certificate: Path) -> list[Submission]:
    intake = RecordingIntake()
    listener = await listen(_settings(certificate), OneAccount(), ScriptedPolicy(), intake, FakeClock())
    addresses = listener.addresses if channel == "starttls" else listener.tls_addresses
    try:
        for letter in LETTERS.values():
            errand = Errand(
                addresses[0][1], channel, mechanism, "alice@example.org", ("bob@example.net", "eve@example.com"),
                letter.encode(),
            )  # fmt: skip
            await CLIENTS[client](errand)
    finally:
        await listener.stop()
    return intake.submissions


def _split_added(octets: bytes) -> tuple[bytes, bytes]:
    """Our Received field with its two folded lines, and the rest: these letters need no other field."""
    lines = octets.split(b"\r\n", 3)
    return b"\r\n".join(lines[:3]), lines[3]
