"""The worker's end: a mark before each dot, no dot without an owner, every job reported exactly once."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.clock import FakeClock
from fakes.queue_ports import routed
from youtong.mta.delivery.egress import EgressSource, LaneLimits
from youtong.mta.delivery.job import Job, JobRecipient, RenderFault
from youtong.mta.outcome import Deferred, Delivered, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.contents.content import ContentKind, ContentKinds, Personal, Rendered, StoredContent
from youtong.queue.protocol import Halt, Handover, JobParcel, LaneKey, LaneSettings, Report, Returned
from youtong.queue.workers import worker as worker_module
from youtong.queue.workers.marks import MarkFile, read_marks
from youtong.queue.workers.worker import Worker
from youtong.queue.workers.workerjob import ContentMaker

KEY = LaneKey("provider", "default")
DELIVERED = Delivered(reply(250, "2.0.0", "ok"))
CONTENT = StoredContent(1, ContentKind.SUBMITTED, b"Subject: x\r\n\r\n", b".text\r\n", None)


class FakeLane:
    """The lane as the worker needs it."""

    def __init__(self, key: LaneKey, source: EgressSource, limits: LaneLimits, worker: Worker) -> None:
        self.key, self.source, self.limits, self.worker = key, source, limits, worker
        self.jobs: list[Job] = []
        self.connections = 0
        self.woken = 0
        self.hangs = False
        self.aborted = False

    def submit(self, job: Job) -> None:
        self.jobs.append(job)

    def recall(self, token: int) -> bool:
        found = [job for job in self.jobs if job.token == token]
        self.jobs = [job for job in self.jobs if job.token != token]
        return bool(found)

    def wake(self) -> None:
        self.woken += 1

    def stop(self) -> None:
        for job in self.jobs:
            self.worker.returned(job)
        self.jobs = []

    async def wait_closed(self) -> None:
        await asyncio.Event().wait() if self.hangs else None

    def abort(self) -> None:
        self.aborted = True

    def start(self) -> Job:
        """The first job's MAIL is about to be written."""
        job = self.jobs.pop(0)
        assert self.worker.may_mail(job)
        return job


class SharedContent:
    """A ContentSource that counts."""

    def __init__(self, *, shared: bool = True) -> None:
        self.rendered = 0
        self._shared = shared

    def render(self, content: StoredContent, personal: Personal) -> Rendered:
        self.rendered += 1
        return Rendered(content.head, content.body or b"", self._shared)


class Signature:
    def __init__(self) -> None:
        self.signed = 0
        self.signing: Callable[[], None] = lambda: None

    def sign(self, head: bytes, body: bytes) -> bytes:
        self.signed += 1
        self.signing()
        return b"DKIM-Signature: v=1\r\n"


class Bench:
    """A worker between a test that owns it and a lane that does nothing by itself."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "worker-2.marks"
        self.marks = MarkFile(self.path)
        self.clock = FakeClock()
        self.source, self.signer = SharedContent(), Signature()
        self.maker = ContentMaker(ContentKinds({ContentKind.SUBMITTED: self.source}), self.signer, self.marks)
        self.reports: list[Report] = []
        self.lanes: list[FakeLane] = []
        self.worker = Worker(self.reports.append, self._lane, self.maker, self.marks, self.clock)  # type: ignore[arg-type]

    def _lane(self, key: LaneKey, source: EgressSource, limits: LaneLimits, worker: Worker) -> FakeLane:
        self.lanes.append(FakeLane(key, source, limits, worker))
        return self.lanes[-1]

    @property
    def lane(self) -> FakeLane:
        return self.lanes[0]

    def take(self, *tokens: int, connects: int = 0, contents: tuple[StoredContent, ...] = (CONTENT,)) -> None:
        settings = LaneSettings(KEY, "", "mail.example.org", LaneLimits(), connects)
        jobs = [parcel(token) for token in tokens]
        self.worker.take(Handover([settings], {"mx.example": routed("mx.example").hosts}, list(contents), jobs))

    def said(self) -> Report:
        """The report of what happened since the last one."""
        self.worker._report()
        return self.reports[-1]

    def marked(self) -> frozenset[int]:
        return read_marks(self.path).tokens


def parcel(token: int, fields: str = "") -> JobParcel:
    recipients = (JobRecipient(token, "b@example.com"),)
    return JobParcel(token, KEY, "mx.example", 1, "a@example.org", recipients, "7BIT", False, "", "", 10, False, fields)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.marks.close()


async def test_the_mark_is_written_when_the_dot_is_allowed(bench: Bench) -> None:
    bench.take(5)
    job = bench.lane.start()
    assert bench.marked() == frozenset()
    assert bench.worker.before_dot(job)
    assert bench.marked() == {5}


async def test_without_its_owner_a_worker_sends_no_dot_and_leaves_no_mark(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.take(5)
    job = bench.lane.start()
    monkeypatch.setattr(worker_module.os, "getppid", lambda: 1)
    assert not bench.worker.before_dot(job)
    assert bench.marked() == frozenset()


async def test_an_owner_that_dies_while_the_mark_is_written_gets_no_dot(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.take(5)
    job = bench.lane.start()
    parents = [os.getppid(), 1]
    monkeypatch.setattr(worker_module.os, "getppid", lambda: parents.pop(0))
    assert not bench.worker.before_dot(job)


async def test_no_dot_without_a_mark(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(token: int) -> None:
        raise OSError(28, "No space left on device")

    bench.take(5)
    job = bench.lane.start()
    monkeypatch.setattr(bench.marks, "leave", full)
    assert not bench.worker.before_dot(job)


async def test_a_second_mail_of_a_job_is_refused_and_the_job_goes_back_with_the_first(bench: Bench) -> None:
    bench.take(5)
    job = bench.lane.start()
    began = bench.clock.monotonic()
    bench.clock.advance(1)
    assert not bench.worker.may_mail(job)
    bench.worker.returned(job)
    assert bench.said().returned == [Returned(5, (began,))]


async def test_every_job_is_reported_exactly_once(bench: Bench) -> None:
    bench.take(1, 2, 3, 4)
    finished = bench.lane.start()
    bench.worker.finished(finished, [DELIVERED], bench.clock.monotonic())
    bench.worker.returned(bench.lane.jobs.pop(0))
    bench.worker.render_failed(bench.lane.jobs.pop(0), RenderFault("no name"))
    bench.worker.recall([4, 99])
    report = bench.said()
    assert [item.token for item in report.finished] == [1]
    assert [(item.token, item.fault) for item in report.returned] == [(2, ""), (3, "no name"), (4, "")]
    again = bench.said()
    assert (again.finished, again.returned, again.number) == ([], [], report.number + 1)


async def test_a_job_without_content_comes_back_and_the_others_go_on(bench: Bench) -> None:
    bench.take(1, contents=())
    bench.take(2)
    assert [job.token for job in bench.lane.jobs] == [2]
    assert [(item.token, bool(item.fault)) for item in bench.said().returned] == [(1, True)]


async def test_what_has_not_started_after_five_seconds_goes_back(bench: Bench) -> None:
    bench.take(1, 2)
    bench.lane.start()
    bench.clock.advance(4)
    bench.take(3)
    bench.worker.sweep()
    assert bench.said().returned == []
    bench.clock.advance(1.5)
    bench.worker.sweep()
    assert [item.token for item in bench.said().returned] == [2]


async def test_connects_take_the_permits_that_came_with_the_lane(bench: Bench) -> None:
    bench.take(1, connects=2)
    assert [bench.worker.may_connect(bench.lane) for _ in range(3)] == [True, True, False]
    (news,) = bench.said().lanes
    now = bench.clock.monotonic()
    assert (news.connects, news.wants_connect) == ((now, now), True)
    assert bench.said().lanes == []
    bench.take(connects=1)
    assert bench.lane.woken == 1
    assert bench.worker.may_connect(bench.lane)


async def test_a_closed_connection_is_news(bench: Bench) -> None:
    bench.take(1)
    bench.lane.connections = 3
    bench.worker.closed(bench.lane)
    (news,) = bench.said().lanes
    assert (news.connections, news.connects) == (3, ())


async def test_a_silent_site_is_told_with_its_words(bench: Bench) -> None:
    bench.take(1)
    bench.worker.site_failed(bench.lane, "mx.example", Deferred(Stage.CONNECT, Scope.SITE, None, "refused"))
    assert [(each.site, each.why) for each in bench.said().failed_sites] == [("mx.example", "refused")]


async def test_stopping_reports_everything(bench: Bench) -> None:
    bench.take(1, 2)
    await bench.worker.stop()
    assert [item.token for item in bench.reports[-1].returned] == [1, 2]


async def test_a_stop_waits_for_jobs_but_not_for_a_peer_that_dawdles_over_quit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_FAREWELL_SECONDS", 0)
    bench.take(1)
    job = bench.lane.start()
    bench.lane.hangs = True
    stopping = asyncio.ensure_future(bench.worker.stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    bench.worker.finished(job, [DELIVERED], 0.0)
    await stopping
    assert bench.lane.aborted
    assert [item.token for item in bench.reports[-1].finished] == [1]


async def test_a_report_leaves_by_itself_soon(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_REPORT_SECONDS", 0)
    bench.take(1)
    bench.worker.returned(bench.lane.jobs[0])
    while not bench.reports:  # noqa: ASYNC110 - one turn of the loop, or two
        await asyncio.sleep(0)
    assert [item.token for item in bench.reports[0].returned] == [1]


async def test_marks_are_forgotten_only_when_their_outcomes_are_on_the_disk(bench: Bench) -> None:
    forgotten: list[set[int]] = []
    bench.marks.forget_all_but = lambda live: forgotten.append(set(live))  # type: ignore[method-assign]
    bench.take(1, 2)
    for _ in range(2):
        job = bench.lane.start()
        assert bench.worker.before_dot(job)
        if job.token == 1:
            bench.worker.finished(job, [DELIVERED], 0.0)
    number = bench.said().number
    bench.worker.committed([])
    bench.worker.committed([number])
    assert forgotten == [{1, 2}, {2}]


async def test_all_recipients_of_a_message_share_one_signature(bench: Bench) -> None:
    bench.take(1, 2, 3)
    wires = {job.wire() for job in bench.lane.jobs}
    assert wires == {b"DKIM-Signature: v=1\r\nSubject: x\r\n\r\n..text\r\n.\r\n"}
    assert (bench.source.rendered, bench.signer.signed) == (1, 1)
    bench.maker.forget()
    bench.lane.jobs[0].wire()
    assert bench.signer.signed == 2


async def test_what_is_being_made_is_marked_and_what_is_made_is_not(bench: Bench) -> None:
    bench.source._shared = False
    bench.take(5, 6)
    made, waits = bench.lane.jobs
    seen: list[int] = []
    bench.signer.signing = lambda: seen.append(read_marks(bench.path).making)
    made.wire()
    assert seen == [made.token]
    found = read_marks(bench.path)
    assert (found.making, found.begun, found.tokens) == (0, {made.token}, frozenset())
    assert waits.token not in found.begun


async def test_a_letter_that_cannot_be_made_is_made_no_longer(bench: Bench) -> None:
    bench.take(5)

    def fail() -> None:
        raise RenderFault("no such field")

    bench.signer.signing = fail
    with pytest.raises(RenderFault):
        bench.lane.jobs[0].wire()
    assert read_marks(bench.path).making == 0


async def test_a_large_letter_to_many_is_in_memory_once(bench: Bench) -> None:
    large = StoredContent(CONTENT.id, ContentKind.SUBMITTED, CONTENT.head, b"x" * (20 << 20) + b"\r\n", None)
    bench.take(1, 2, 3, contents=(large,))
    first, *others = [job.wire() for job in bench.lane.jobs]
    assert all(wire is first for wire in others)


async def test_of_many_large_letters_only_the_newest_are_kept(bench: Bench) -> None:
    body = b"x" * (6 << 20)
    for number in range(1, 5):
        bench.maker.wire(number, StoredContent(number, ContentKind.SUBMITTED, b"\r\n", body, None))
    assert [form[0] for form in bench.maker._shared] == [3, 4]
    assert bench.maker._bytes < 16 << 20


async def test_what_is_rendered_for_one_is_shared_with_nobody(bench: Bench) -> None:
    bench.source._shared = False
    bench.take(1, 2)
    for job in bench.lane.jobs:
        job.wire()
    assert bench.signer.signed == 2


async def test_merge_fields_beyond_ascii_make_a_job_eight_bit(bench: Bench) -> None:
    settings = LaneSettings(KEY, "", "mail.example.org", LaneLimits(), 0)
    jobs = [parcel(1, '{"name":"Anna"}'), parcel(2, '{"name":"安娜"}')]
    bench.worker.take(Handover([settings], {"mx.example": routed("mx.example").hosts}, [CONTENT], jobs))
    assert [job.eight_bit for job in bench.lane.jobs] == [False, True]


async def test_a_halted_flow_says_no_mail_and_its_job_comes_back_when_the_next_halt_frees_it(bench: Bench) -> None:
    bench.take(5)
    (job,) = bench.lane.jobs
    bench.worker.halt(Halt(1, [job.flow]))  # pyright: ignore[reportAttributeAccessIssue] - jobs here are WorkerJobs
    assert not bench.worker.may_mail(job)
    bench.worker.halt(Halt(2, []))
    assert bench.worker.may_mail(job)


async def test_a_job_that_is_recalled_while_it_is_being_prepared_says_no_mail(bench: Bench) -> None:
    bench.take(5)
    job = bench.lane.jobs.pop()  # a connection has it, and the lane gives it back no more
    bench.worker.recall([5])
    assert not bench.worker.may_mail(job)
