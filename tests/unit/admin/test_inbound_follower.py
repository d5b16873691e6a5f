"""What came to addresses of ours is read in a process apart, understood, and told to the owner once."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fakes.inbound_house import HOST, OURS, OWNER, InboundHouse, submission
from fakes.queue_ports import FixedSchedule
from youtong.admin.control import NotRunning, Refused
from youtong.admin.returns.inbound_follower import InboundFollower
from youtong.admin.returns.report_reader import ReportReader
from youtong.mta.submission.ports import InlineBody
from youtong.queue.inbound.inbound_mail import Effect
from youtong.queue.journal import JournalKind, JournalRow
from youtong.queue.returns.heard import AskReturned
from youtong.queue.returns.recording import Recording
from youtong.queue.returns.sending_on import SendingOn
from youtong.queue.returns.stream_complaints import MAX_A_DAY
from youtong.queue.signed_address import TokenKind
from youtong.queue.storage import reads
from youtong.queue.streams.feedback_ids import FeedbackIds

RECIPIENT = "x@y.example"  # of every row that the house makes

BOUNCE = """\
From: MAILER-DAEMON@far.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=cut

--cut
Content-Type: text/plain

It could not be delivered.
--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; far.example

Final-Recipient: rfc822; {final}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.y.example
Diagnostic-Code: smtp; {words}

--cut
Content-Type: text/rfc822-headers

Subject: Hello
Message-ID: <{message_id}>

--cut--
"""
COMPLAINT = """\
From: fbl@far.example
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=cut

--cut
Content-Type: text/plain

A complaint.
--cut
Content-Type: message/feedback-report

Feedback-Type: {sort}
User-Agent: SomeFBL/1.0
Version: 1

--cut
Content-Type: message/rfc822

From: news@customer.example
To: redacted@y.example
Message-ID: <{message_id}>
Subject: News

Hello.
--cut--
"""
VACATION = """\
From: x@y.example
Subject: Out of office
Auto-Submitted: auto-replied

I am away.
"""


class Room:
    """A house with a delivered recipient 5, whoever reads its mail, and the owner asked directly."""

    def __init__(self, house: InboundHouse, reader: ReportReader) -> None:
        self.house = house
        self.loop = asyncio.get_running_loop()
        sending_on = SendingOn(
            house.commits, house.queue, house.spool, FixedSchedule(), lambda *_: None, house.clock,
            hostname=HOST, operator="",
        )  # fmt: skip
        self.recording = Recording(house.commits, house.queue, house.folder, sending_on, house.clock)
        self.asked = 0
        self.trouble: Exception | None = None
        self.parents: dict[int, int] = {}
        self.follower = InboundFollower(house.folder, reader, lambda: house.signer, self.masters, house.clock, self.ask)

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """In a thread, as over the owner's socket."""
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        assert question["verb"] == "returned"
        asked = msgspec.convert(msgspec.json.decode(msgspec.json.encode(question)), AskReturned)
        noted = asyncio.run_coroutine_threadsafe(self.recording.record(asked.mails), self.loop).result(5)
        return {"noted": [str(each) for each in noted]}

    async def masters(self, account_ids: Iterable[int]) -> dict[int, int]:
        return {each: self.parents.get(each, each) for each in account_ids}

    @property
    def verp(self) -> str:
        return f"{self.house.signer.verp(5)}@{OURS}"

    async def comes(self, text: str, *to: str) -> None:
        head, _, body = text.replace("\n", "\r\n").partition("\r\n\r\n")
        plain = submission(*to or (self.verp,), body=InlineBody(body.encode()))
        await self.house.sink.accept(
            type(plain)(plain.origin, plain.client, plain.envelope, f"{head}\r\n\r\n".encode(), plain.body)
        )

    def history(self) -> list[JournalRow]:
        [(newest,)] = self.house.connection.execute("SELECT journal_seq FROM recipient WHERE id = 5")
        return reads.chain(self.house.connection, newest, 100)[1:]

    def read(self) -> list[tuple[str, str]]:
        return [(message.read_as, message.effect) for message in self.house.stored()]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    house = await InboundHouse(tmp_path, keep_octets=100_000_000).open()
    reader = ReportReader(str(tmp_path / "youtong.toml"))
    await house.sent(5, house.clock.now_ms())
    house.queue.counters.__init__(house.connection)
    yield Room(house, reader)
    await reader.close()
    await house.close()


def bounce(
    words: str = "550 5.1.1 user unknown", *, final: str = RECIPIENT, action: str = "failed", status: str = "5.1.1",
    message_id: str = "a@b.example",
) -> str:  # fmt: skip
    return BOUNCE.format(final=final, action=action, status=status, words=words, message_id=message_id)


async def test_each_sort_is_told_apart_and_written_down(room: Room) -> None:
    await room.comes(bounce(action="delayed", status="4.4.1", words="timed out"))
    await room.comes(VACATION)
    await room.comes(bounce())
    await room.comes(COMPLAINT.format(sort="abuse", message_id="a@b.example"))
    await room.comes("From: x@y.example\nSubject: Thanks\n\nGot it.\n")
    assert not await room.follower.step()
    assert room.read() == [
        ("delay", Effect.RECORDED), ("vacation", Effect.RECORDED), ("bounce", Effect.RECORDED),
        ("complaint", Effect.RECORDED), ("letter", Effect.NOTHING),
    ]  # fmt: skip
    delay, answer, late, complaint = room.history()
    assert (delay.kind, answer.kind) == (JournalKind.HEARD_DELAY, JournalKind.AUTO_REPLY)
    assert (late.kind, late.facts.bounce_kind, late.facts.category) == (JournalKind.LATE_BOUNCE, "hard", "no-such-user")
    assert (late.facts.fate, late.facts.inbound, late.facts.enhanced) == ("hard-late", 3, "5.1.1")
    assert "user unknown" in late.facts.text
    assert late.facts.rule
    assert (late.facts.dsn_action, late.facts.remote) == ("failed", "mx.y.example")
    assert (complaint.kind, complaint.facts.category) == (JournalKind.COMPLAINT, "abuse")
    asked = room.asked
    assert not await room.follower.step()
    assert (room.asked, len(room.history())) == (asked, 4), "nothing is read twice"


async def test_a_failure_of_another_address_is_soft_and_names_it(room: Room) -> None:
    await room.comes(bounce(final="elsewhere@far.example"))
    await room.follower.step()
    [late] = room.history()
    assert (late.facts.bounce_kind, late.facts.recipient, late.facts.fate) == (
        "soft", "elsewhere@far.example", "soft-late",
    )  # fmt: skip


async def test_a_redacted_complaint_is_resolved_by_our_message_id(room: Room) -> None:
    ours = f"{room.house.signer.token(TokenKind.MESSAGE, 5)}@{OURS}"
    await room.comes(COMPLAINT.format(sort="abuse", message_id=ours), f"fbl@{HOST}")
    await room.comes(COMPLAINT.format(sort="abuse", message_id=f"0{ours[1:]}"), f"fbl@{HOST}")
    await room.follower.step()
    assert [row.kind for row in room.history()] == [JournalKind.COMPLAINT]
    assert room.read() == [("complaint", Effect.RECORDED), ("complaint", Effect.NOTHING)]


async def test_what_is_told_at_a_masters_domain_is_about_its_sub_accounts_mail_too(room: Room) -> None:
    room.house.connection.execute("UPDATE message SET account_id = 71, verp_domain = ''")
    ours = f"{room.house.signer.token(TokenKind.MESSAGE, 5)}@{OURS}"
    await room.comes(COMPLAINT.format(sort="abuse", message_id=ours), f"fbl@{OURS}")
    await room.follower.step()
    assert room.read() == [("complaint", Effect.UNRELATED)], "71 is a stranger"
    room.parents[71] = OWNER
    await room.comes(COMPLAINT.format(sort="abuse", message_id=ours), f"fbl@{OURS}")
    await room.follower.step()
    assert room.read()[1:] == [("complaint", Effect.RECORDED)]
    assert [row.kind for row in room.history()] == [JournalKind.COMPLAINT]


def redacted(room: Room, stream_id: int = 3, sort: str = "abuse") -> str:
    """A complaint in which only the Feedback-ID is left."""
    feedback_id = FeedbackIds(room.house.signer, HOST).value(OWNER, stream_id)
    return COMPLAINT.format(sort=sort, message_id="redacted").replace("Subject: News", f"Feedback-ID: {feedback_id}")


def has_stream(room: Room, account_id: int = OWNER) -> None:
    room.house.connection.execute(
        "INSERT INTO stream (id, account_id, name, run_state, message_id, created_ms)"
        " VALUES (3, ?, 'x', 'running', 1, 0)",
        (account_id,),
    )


def stream_complaints(room: Room) -> list[tuple[str, int, int, str]]:
    rows = room.house.connection.execute(
        "SELECT facts, account_id, recipient_id, kind FROM journal WHERE kind = 'stream-complaint'"
    )
    return [(json.loads(row[0])["stream"], *row[1:]) for row in rows]


@pytest.mark.parametrize("to", [f"fbl@{HOST}", f"fbl@{OURS}", f"abuse@{HOST}"])
async def test_a_complaint_that_names_only_the_stream_counts_for_it_and_for_nobody(to: str, room: Room) -> None:
    has_stream(room)
    await room.comes(redacted(room), to)
    await room.follower.step()
    assert room.read() == [("complaint", Effect.RECORDED)]
    assert stream_complaints(room) == [(3, OWNER, 0, "stream-complaint")]
    assert room.history() == []
    assert room.house.connection.execute("SELECT stream_id, count FROM stream_complaint").fetchall() == [(3, 1)]


@pytest.mark.parametrize("sort", ["not-spam", "auth-failure"])
async def test_a_report_that_is_no_complaint_counts_for_no_stream(sort: str, room: Room) -> None:
    has_stream(room)
    await room.comes(redacted(room, sort=sort), f"fbl@{HOST}")
    await room.follower.step()
    assert (room.read(), stream_complaints(room)) == ([("complaint", Effect.NOTHING)], [])


async def test_a_complaint_about_anothers_stream_or_one_that_never_was_changes_nothing(room: Room) -> None:
    has_stream(room, account_id=8)
    await room.comes(redacted(room), f"fbl@{OURS}")
    await room.comes(redacted(room, 4), f"fbl@{HOST}")
    await room.comes(redacted(room).replace(":a7:", ":a7:x"), f"fbl@{HOST}")
    await room.follower.step()
    assert [effect for _, effect in room.read()] == [Effect.UNRELATED, Effect.NOTHING, Effect.NOTHING]
    assert stream_complaints(room) == []


async def test_of_one_stream_a_bounded_number_of_such_complaints_counts_in_a_day(room: Room) -> None:
    has_stream(room)
    room.house.connection.execute(
        "INSERT INTO stream_complaint VALUES (3, ?, ?)", (room.house.clock.now_ms() // 86_400_000, MAX_A_DAY - 1)
    )
    for _ in range(3):
        await room.comes(redacted(room), f"fbl@{HOST}")
    await room.follower.step()
    assert [effect for _, effect in room.read()] == [Effect.RECORDED, Effect.REPEATED, Effect.REPEATED]
    room.house.clock.advance(86_400)
    await room.comes(redacted(room), f"fbl@{HOST}")
    await room.follower.step()
    assert room.read()[-1] == ("complaint", Effect.RECORDED)


async def test_a_report_that_it_was_no_spam_is_no_complaint(room: Room) -> None:
    await room.comes(COMPLAINT.format(sort="not-spam", message_id="a@b.example"))
    await room.follower.step()
    assert room.history() == []


async def test_a_token_of_another_account_changes_nothing(room: Room) -> None:
    room.house.owners["others.example"] = 8  # pyright: ignore[reportArgumentType]
    await room.comes(bounce(), f"{room.house.signer.verp(5)}@others.example")
    await room.follower.step()
    assert (room.history(), room.read()) == ([], [("bounce", Effect.UNRELATED)])


async def test_mail_to_postmaster_is_for_the_operator(room: Room) -> None:
    await room.comes("From: x@y.example\nSubject: Trouble\n\nHelp.\n", f"postmaster@{HOST}")
    await room.follower.step()
    assert room.read() == [("letter", Effect.KEPT)]


async def test_while_the_owner_is_away_mail_waits(room: Room) -> None:
    await room.comes(bounce())
    room.trouble = NotRunning("no server answers")
    with pytest.raises(NotRunning):
        await room.follower.step()
    assert room.read() == [("", "")]
    room.trouble = None
    await room.follower.step()
    assert room.read() == [("bounce", Effect.RECORDED)]


async def test_what_the_owner_refuses_waits_and_is_asked_again_later(room: Room) -> None:
    await room.comes(bounce())
    room.trouble = Refused("the queue cannot be changed")
    assert not await room.follower.step()
    asked, room.trouble = room.asked, None
    await room.follower.step()
    assert room.asked == asked
    room.house.clock.advance(60)
    await room.follower.step()
    assert room.read() == [("bounce", Effect.RECORDED)]


async def test_a_busy_recipient_is_asked_about_again(room: Room) -> None:
    room.house.connection.execute("UPDATE recipient SET state = 1, lease = 9 WHERE id = 5")
    await room.comes(bounce())
    await room.follower.step()
    assert room.read() == [("", "")]
    room.house.connection.execute("UPDATE recipient SET state = 10, lease = NULL WHERE id = 5")
    room.house.clock.advance(60)
    await room.follower.step()
    assert room.read() == [("bounce", Effect.RECORDED)]


# -- hostile mail


def nested(depth: int) -> str:
    """A notice within so many multiparts."""
    head = "From: a@far.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b0\n\n"
    opened = "".join(
        f"--b{number}\nContent-Type: multipart/mixed; boundary=b{number + 1}\n\n" for number in range(depth)
    )
    return f"{head}{opened}--b{depth}\n{bounce()}"


HOSTILE = {
    "25 MB": "From: a@far.example\nSubject: Hello\n\n" + ("x" * 76 + "\n") * 330_000,
    "1,000 nested parts": nested(1000),
    "1,000 parts": "From: a@far.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    + "--b\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n" * 1000,
    "a bomb of quoted-printable": "From: a@far.example\nMIME-Version: 1.0\nContent-Type: text/plain\n"
    "Content-Transfer-Encoding: quoted-printable\n\n" + "=\n" * 2_000_000 + "=41" * 600_000,
    "one line": "From: a@far.example\nSubject: failure notice\n\n" + "<" * 1_000_000,
    "no head": "\n\n\n",
}


async def test_a_notice_without_any_sign_but_the_null_reverse_path_is_one(room: Room) -> None:
    """Its author's name is a person's, its subject says nothing: the envelope is what tells."""
    await room.comes(
        "From: Anna Post <anna@far.example>\nSubject: Your mail to x@y.example\n\n"
        "Your message could not be delivered:\n\n  x@y.example: 550 5.1.1 user unknown\n"
    )
    await room.follower.step()
    assert room.read() == [("bounce", Effect.RECORDED)]
    assert room.history()[0].facts.bounce_kind == "hard"


@pytest.mark.parametrize("sort", HOSTILE)
async def test_hostile_mail_changes_nothing_and_is_done_with(sort: str, room: Room) -> None:
    await room.comes(HOSTILE[sort])
    await room.comes(bounce())
    await room.follower.step()
    assert room.read()[1] == ("bounce", Effect.RECORDED), "what comes behind it is read"
    assert [row.facts.inbound for row in room.history()] == [2], "it says nothing about anybody"


# -- the process apart

HANGS = "import sys; sys.stdin.buffer.read(4); import threading; threading.Event().wait()"
DIES = "import sys; sys.stdin.buffer.read(4)"


@pytest.mark.parametrize(("child", "seconds"), [(HANGS, 0.2), (DIES, 5)])
async def test_a_message_that_kills_or_stalls_its_reader_twice_is_unreadable(
    child: str, seconds: float, room: Room
) -> None:
    reader = ReportReader("", [sys.executable, "-S", "-c", child], seconds)
    follower = InboundFollower(
        room.house.folder, reader, lambda: room.house.signer, room.masters, room.house.clock, room.ask
    )
    await room.comes(bounce())
    await follower.step()
    assert (room.read(), room.history()) == ([("unreadable", Effect.NOTHING)], [])
    await reader.close()


async def test_a_reader_that_was_ended_is_started_again(room: Room, tmp_path: Path) -> None:
    reader = ReportReader(str(tmp_path / "youtong.toml"))
    assert (await reader.read(VACATION.encode())) == await reader.read(VACATION.encode())
    await reader.close()
    assert await reader.read(VACATION.encode()) is not None
    await reader.close()
