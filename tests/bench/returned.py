"""What it costs to read what comes back, and what hostile mail costs.

Owns   the table of `make bench CASES=returned`: notices a second, from the stored message to the journal row, with the
       CPU time of the reader apart, of the jobs process and of the owner's operation; one notice 10,000 times, with the
       rows that it wrote; and single messages made to hurt.
"""

import asyncio
import resource
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from fakes.clock import FakeClock
from fakes.inbound_house import HOST, OURS, InboundHouse, submission
from fakes.queue_ports import FixedSchedule
from youtong.admin.returns.inbound_follower import InboundFollower
from youtong.admin.returns.report_reader import ReportReader
from youtong.mta.submission.ports import InlineBody
from youtong.queue.returns.heard import AskReturned
from youtong.queue.returns.recording import Recording
from youtong.queue.returns.sending_on import SendingOn

REPLAYS = 10_000
NOTICES = 2_000
QUICK = 100
_BUILD = Path(__file__).parents[2] / "build" / "bench"
_HEAD = (
    b"From: MAILER-DAEMON@far.example\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=cut\r\n\r\n"
)
_PLAIN = b"From: a@far.example\r\nSubject: failure notice\r\n\r\n"
_MULTIPART = b"From: a@far.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n"
_QUOTED = (
    b"From: a@far.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
)


def notice(number: int) -> bytes:
    return (
        "--cut\r\nContent-Type: text/plain\r\n\r\nYour message could not be delivered.\r\n"
        "--cut\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; far.example\r\n\r\n"
        "Final-Recipient: rfc822; x@y.example\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.y.example\r\n"
        f"Diagnostic-Code: smtp; 550 5.1.1 user unknown ({number})\r\n\r\n"
        "--cut\r\nContent-Type: message/rfc822\r\n\r\nSubject: Hello\r\nTo: x@y.example\r\n\r\nHello.\r\n--cut--\r\n"
    ).encode()


def _nested(depth: int) -> bytes:
    return b"".join(
        f"--b{number}\r\nContent-Type: multipart/mixed; boundary=b{number + 1}\r\n\r\n".encode()
        for number in range(depth)
    )


HOSTILE = {
    "25 MB of text": (_PLAIN, b"It could not be delivered to <a@b.example>: 550 no such user\r\n" * 400_000),
    "1,000 nested parts": (_MULTIPART, _nested(1000)),
    "10,000 enclosed letters": (
        _MULTIPART,
        b"--b0\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n" * 10_000,
    ),
    "a bomb of quoted-printable": (_QUOTED, b"=\r\n" * 4_000_000 + b"=41" * 4_000_000),
    "one line of 20 MB": (_PLAIN, b"<a@" * 7_000_000),
}


class Bench:
    def __init__(self, house: InboundHouse) -> None:
        self.house, self.clock = house, FakeClock()
        self.loop = asyncio.get_running_loop()
        self.reader = ReportReader(str(house.folder / "youtong.toml"))
        sending_on = SendingOn(
            house.commits, house.queue, house.spool, FixedSchedule(), lambda *_: None, house.clock, hostname=HOST,
            operator="",
        )  # fmt: skip
        self.recording = Recording(house.commits, house.queue, house.folder, sending_on, house.clock)
        self.follower = InboundFollower(
            house.folder, self.reader, lambda: house.signer, self._masters, house.clock, self._ask
        )

    async def _masters(self, account_ids: Iterable[int]) -> dict[int, int]:
        return {each: each for each in account_ids}

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        asked = msgspec.convert(question, AskReturned)
        noted = asyncio.run_coroutine_threadsafe(self.recording.record(asked.mails), self.loop).result()
        return {"noted": [str(each) for each in noted]}

    async def recipients(self, count: int) -> None:
        for number in range(1, count + 1):
            await self.house.sent(number, 1)
        self.house.queue.counters.__init__(self.house.connection)

    async def come(self, recipient: int, head: bytes, body: bytes) -> None:
        plain = submission(f"{self.house.signer.verp(recipient)}@{OURS}", body=InlineBody(body))
        await self.house.sink.accept(type(plain)(plain.origin, plain.client, plain.envelope, head, plain.body))

    async def read_all(self) -> float:
        """Seconds until nothing is unread."""
        began = time.perf_counter()
        while await self.follower.step():
            pass
        return time.perf_counter() - began

    def rows(self, table: str) -> int:
        return self.house.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def table(*, is_quick: bool) -> str:
    return "\n".join(asyncio.run(_measured(*((QUICK, QUICK) if is_quick else (NOTICES, REPLAYS)))))


async def _measured(notices: int, replays: int) -> list[str]:
    _BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_BUILD) as folder:
        house = await InboundHouse(Path(folder), keep_octets=1 << 40).open()
        bench = Bench(house)
        await bench.recipients(notices)
        await bench.come(1, _HEAD, notice(0))
        await bench.read_all()  # the reader has begun
        lines = [await _many(bench, notices), await _replayed(bench, replays)]
        lines += [await _hostile(bench, sort, head, body) for sort, (head, body) in HOSTILE.items()]
        await bench.reader.close()
        await house.close()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return [
        *lines,
        f"the reader: {_cpu(resource.RUSAGE_CHILDREN):.1f} s CPU in all, {used.ru_maxrss // 1024} MiB at most",
    ]


async def _many(bench: Bench, notices: int) -> str:
    for number in range(1, notices + 1):
        await bench.come(number, _HEAD, notice(number))
    before = _cpu(resource.RUSAGE_SELF)
    seconds = await bench.read_all()
    each_ms = (_cpu(resource.RUSAGE_SELF) - before) / notices * 1e3
    return f"{notices:,} notices: {notices / seconds:,.0f} a second, {each_ms:.2f} ms CPU each without the reader"


async def _replayed(bench: Bench, replays: int) -> str:
    rows = bench.rows("journal")
    for _ in range(replays):
        await bench.come(7, _HEAD, notice(7))
    each_ms = await bench.read_all() / replays * 1e3
    return f"one of them {replays:,} times: {each_ms:.2f} ms each, {bench.rows('journal') - rows} journal rows"


async def _hostile(bench: Bench, sort: str, head: bytes, body: bytes) -> str:
    rows = bench.rows("journal")
    await bench.come(9, head, body)
    ms = await bench.read_all() * 1e3
    newest = "SELECT read_as FROM inbound ORDER BY seq DESC LIMIT 1"
    read_as = bench.house.connection.execute(newest).fetchone()[0]
    return f"{sort}: {ms:,.0f} ms, {bench.rows('journal') - rows} journal rows, read as {read_as}"
