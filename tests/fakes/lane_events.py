"""An owner of lanes that says yes and remembers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from youtong.mta.delivery.dialogue import Dialogue
from youtong.mta.delivery.events import LaneRef
from youtong.mta.delivery.host import Host
from youtong.mta.delivery.job import Job, JobRecipient, RenderFault
from youtong.mta.envelope import Body
from youtong.mta.message.headers import split_head
from youtong.mta.message.seven_bit import to_seven_bit
from youtong.mta.outcome import Deferred, Outcome
from youtong.mta.smtp.data import encode_data


@dataclass
class FakeJob:
    token: int = 1
    site: str = "mx.example"
    hosts: tuple[Host, ...] = (Host("mx.example", ("127.0.0.1",)),)
    reverse_path: str = "a@example.org"
    recipients: tuple[JobRecipient, ...] = (JobRecipient(1, "b@example.com"),)
    body: Body = Body.SEVEN_BIT
    smtputf8: bool = False
    ret: str = ""
    envid: str = ""
    size_bytes: int = 100
    eight_bit: bool = False
    urgent: bool = False
    content: bytes = b"Subject: x\r\n\r\nhello\r\n"
    fault: Exception | None = None

    def wire(self, *, seven_bit: bool = False) -> bytes:
        if self.fault:
            raise self.fault
        content = b"".join(to_seven_bit(*split_head(self.content))) if seven_bit else self.content
        return encode_data(content)


@dataclass
class FakeLaneEvents:
    """`wait(n)` until n jobs have had their event."""

    allow_connect: bool = True
    allow_mail: bool = True
    allow_dot: bool = True
    results: dict[int, list[Outcome]] = field(default_factory=dict)
    mail_at: dict[int, float | None] = field(default_factory=dict)
    dialogues: dict[int, Dialogue | None] = field(default_factory=dict)
    back: list[int] = field(default_factory=list)
    faulty: list[int] = field(default_factory=list)
    failed_sites: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    asked_mail: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def may_connect(self, lane: LaneRef) -> bool:
        self._note("may connect")
        return self.allow_connect

    def connected(self, lane: LaneRef, at_monotonic: float) -> None:
        self._note("connected")

    def closed(self, lane: LaneRef) -> None:
        self._note("closed")

    def site_failed(self, lane: LaneRef, site: str, outcome: Deferred) -> None:
        self.failed_sites.append(site)

    def may_mail(self, job: Job) -> bool:
        self.asked_mail += 1
        return self.allow_mail

    def before_dot(self, job: Job) -> bool:
        self._note("before dot")
        return self.allow_dot

    def finished(self, job: Job, outcomes: Sequence[Outcome], mail_at: float | None, dialogue: Dialogue | None) -> None:
        assert job.token not in self.results, "finished twice"
        self.results[job.token] = list(outcomes)
        self.mail_at[job.token] = mail_at
        self.dialogues[job.token] = dialogue
        self._note("finished")

    def returned(self, job: Job) -> None:
        self.back.append(job.token)
        self._note("returned")

    def render_failed(self, job: Job, fault: RenderFault) -> None:
        self.faulty.append(job.token)
        self._note("render failed")

    @property
    def ended(self) -> int:
        return len(self.results) + len(self.back) + len(self.faulty)

    async def wait(self, jobs: int) -> None:
        await self.until(lambda: self.ended >= jobs)

    async def until(self, condition) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def _note(self, what: str) -> None:
        self.log.append(what)
        self._changed.set()
