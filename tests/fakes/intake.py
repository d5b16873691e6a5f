"""A submission server without a house behind it: ports that record, and say what a test tells them to say."""

from collections.abc import Callable
from dataclasses import dataclass, field

from youtong.mta.envelope import Domain, Envelope
from youtong.mta.reply import Reply, reply
from youtong.mta.submission.ports import (
    Accept,
    AuthFailure,
    Client,
    InlineBody,
    MessageVerdict,
    Origin,
    Proceed,
    StoredBody,
    Submission,
    Verdict,
)

ALICE = Origin("alice@example.org", 7, 3, "people")
QUEUED = reply(250, "2.0.0", "queued as 1")


class OneAccount:
    """Implements Authenticator: alice@example.org with the password "secret", and the networks told."""

    def __init__(self, *, trusts: str = "", fails_with: AuthFailure = AuthFailure.WRONG) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self._trusts = trusts
        self._fails_with = fails_with

    async def authenticate(self, username: str, password: bytes, client: Client) -> Origin | AuthFailure:
        self.asked.append((username, password))
        return ALICE if (username, password) == ("alice@example.org", b"secret") else self._fails_with

    def trusted(self, client: Client) -> Origin | None:
        return ALICE if client.address == self._trusts else None


@dataclass
class ScriptedPolicy:
    """Implements SessionPolicy: no objection, unless a test puts a function there."""

    on_connection: Callable[[Client], Verdict] = lambda client: Proceed()
    on_mail: Callable[[str], Verdict] = lambda reverse_path: Proceed()
    on_recipient: Callable[[str], Verdict] = lambda address: Proceed()
    on_message: Callable[[bytes], MessageVerdict] = lambda head: Accept()
    heads: list[bytes] = field(default_factory=list)

    def connection(self, client: Client) -> Verdict:
        return self.on_connection(client)

    def mail_from(self, client: Client, origin: Origin, reverse_path: str) -> Verdict:
        return self.on_mail(reverse_path)

    def recipient(self, client: Client, origin: Origin, reverse_path: str, address: str, domain: Domain) -> Verdict:
        return self.on_recipient(address)

    def message(
        self, client: Client, origin: Origin, envelope: Envelope, head: bytes, size_bytes: int
    ) -> MessageVerdict:
        self.heads.append(head)
        return self.on_message(head)


class RecordingBody:
    """Implements BodyWriter in memory."""

    def __init__(self, full_after: int | None = None) -> None:
        self.octets = bytearray()
        self.discarded = False
        self._full_after = full_after

    def write(self, octets: bytes) -> None:
        if self._full_after is not None and len(self.octets) + len(octets) > self._full_after:
            raise OSError(28, "No space left on device")
        self.octets += octets

    def finish(self) -> StoredBody:
        return InlineBody(bytes(self.octets))

    def discard(self) -> None:
        self.discarded = True


class RecordingIntake:
    """Implements Intake: keeps every submission and says `says`."""

    def __init__(self, says: Reply = QUEUED, body_full_after: int | None = None) -> None:
        self.submissions: list[Submission] = []
        self.bodies: list[RecordingBody] = []
        self.says = says
        self._body_full_after = body_full_after

    def open_body(self) -> RecordingBody:
        self.bodies.append(RecordingBody(self._body_full_after))
        return self.bodies[-1]

    async def accept(self, submission: Submission) -> Reply:
        self.submissions.append(submission)
        return self.says


def content_of(submission: Submission) -> bytes:
    """Head and body of a submission whose body was recorded here."""
    assert isinstance(submission.body, InlineBody)
    return submission.head + submission.body.octets
