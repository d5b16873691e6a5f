"""Invariant: whatever a client sends, it reads replies, meets no fault of ours, and leaves nothing behind.

Content that was taken is clean. The same octets get the same replies and leave the same messages however they are cut.
"""

import asyncio
import re
from typing import Any

from fakes.clock import FakeClock
from fakes.intake import OneAccount, RecordingIntake, ScriptedPolicy, content_of
from youtong.mta.submission import oplog
from youtong.mta.submission.budget import MemoryBudget
from youtong.mta.submission.role import SubmissionRole
from youtong.mta.submission.session import Session
from youtong.mta.submission.sessions import Certificate, SessionContext, Sessions
from youtong.mta.submission.settings import SubmissionSettings

TOKENS = [
    *(
        b"EHLO a\r\n",
        b"HELO a\r\n",
        b"MAIL FROM:<alice@example.org>\r\n",
        b"RCPT TO:<bob@example.net>\r\n",
        b"DATA\r\n",
    ),
    *(
        b"RSET\r\n",
        b"NOOP\r\n",
        b"QUIT\r\n",
        b"BDAT 5\r\n",
        b"BDAT 0 LAST\r\n",
        b"hello",
        b"AUTH PLAIN ",
        b"AUTH LOGIN\r\n",
    ),
    *(
        b"AGFsaWNlQGV4YW1wbGUub3JnAHNlY3JldA==\r\n",
        b"*\r\n",
        b"STARTTLS\r\n",
        b"VRFY x\r\n",
        b"Subject: x\r\n\r\n",
        b"Bcc: b@c\r\n",
    ),
    *(b"\r\n.\r\n", b".\r\n", b"\n.\n", b"\r\n", b"\r", b"\n", b"\0", b" ", b"<", b">", b"\xff", b"x" * 700),
    b"EHLO a\r\nAUTH PLAIN AGFsaWNlQGV4YW1wbGUub3JnAHNlY3JldA==\r\n"
    b"MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.net>\r\n",
]
_FREE = 1024 * 1024
_OUR_MESSAGE_ID = re.compile(rb"^Message-ID: <[0-9a-f]{32}@mx\.example\.org>", re.MULTILINE)  # another each time
_loop = asyncio.new_event_loop()
_faults: list[object] = []


def _note_fault(*what: object, **_about: object) -> None:
    _faults.append(what)


oplog.fault = _note_fault


class _Wire(asyncio.Transport):
    """Where replies go. It closes when it is told to, as a transport does: in the next turn of the loop."""

    def __init__(self, session: Session) -> None:
        super().__init__({"peername": ("127.0.0.1", 40000)})
        self.said = b""
        self.closed = False
        self._session = session

    def write(self, data: Any) -> None:
        assert not self.closed
        self.said += bytes(data)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            _loop.call_soon(self._session.connection_lost, None)

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def check(octets: bytes) -> None:
    step = octets[0] % 7 + 1 if octets else 1
    talk = octets[1:]
    whole = _loop.run_until_complete(_talk([talk]))
    cut = _loop.run_until_complete(_talk([talk[at : at + step] for at in range(0, len(talk), step)]))
    assert whole == cut


async def _talk(pieces: list[bytes]) -> tuple[bytes, list[bytes]]:
    settings, intake = SubmissionSettings("mx.example.org"), RecordingIntake()
    sessions, budget = Sessions(settings.limits), MemoryBudget(_FREE)
    role = SubmissionRole(OneAccount(), ScriptedPolicy(), intake)
    session = Session(SessionContext(settings, role, FakeClock(), budget, sessions, Certificate(None)), tls=False)
    wire = _Wire(session)
    session.connection_made(wire)
    for piece in pieces:
        if not wire.closed:
            session.data_received(piece)
            await _settle(session)
    if not wire.closed:
        session.eof_received()
        await _settle(session)
        wire.close()
    await _settle(session)
    assert not _faults, _faults
    assert len(sessions) == 0
    assert budget.free == _FREE
    return wire.said, _checked(wire.said, intake)


async def _settle(session: Session) -> None:
    await asyncio.sleep(0)
    for _ in range(200):
        if session.waits_for_client:
            break
        await asyncio.sleep(0)
    await asyncio.sleep(0)


def _checked(said: bytes, intake: RecordingIntake) -> list[bytes]:
    for line in said.splitlines(keepends=True):
        assert line.endswith(b"\r\n")
        assert line[:3].isdigit()
        assert line.isascii()
        assert line[3:4] in b" -"
    contents = [_OUR_MESSAGE_ID.sub(b"Message-ID: ours", content_of(each)) for each in intake.submissions]
    for content in contents:
        assert b"\0" not in content
        assert content.count(b"\r") == content.count(b"\n") == content.count(b"\r\n")
    return contents
