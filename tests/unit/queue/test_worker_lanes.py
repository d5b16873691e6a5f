"""A worker gives up lanes and permits when the owner says so, and says when the last socket is closed (Q4)."""

import asyncio
from pathlib import Path

import pytest
from fakes.clock import FakeClock
from fakes.queue_ports import routed
from youtong.mta.delivery.egress import EgressSource, LaneLimits
from youtong.mta.delivery.job import Job, JobRecipient
from youtong.mta.outcome import Delivered
from youtong.mta.reply import reply
from youtong.queue.contents.content import ContentKind, ContentKinds, StoredContent
from youtong.queue.protocol import Handover, JobParcel, LaneKey, LaneNews, LaneSettings, Report
from youtong.queue.workers.marks import MarkFile
from youtong.queue.workers.worker import Worker
from youtong.queue.workers.workerjob import ContentMaker

KEY = LaneKey("provider", "default")
DELIVERED = Delivered(reply(250, "2.0.0", "ok"))
CONTENT = StoredContent(1, ContentKind.SUBMITTED, b"Subject: x\r\n\r\n", b"text\r\n", None)


class SocketLane:
    """A lane of which the test says how many sockets are open."""

    def __init__(self, key: LaneKey, source: EgressSource, limits: LaneLimits, worker: Worker) -> None:
        self.key, self.source, self.limits, self.worker = key, source, limits, worker
        self.jobs: list[Job] = []
        self.connections = 0
        self.dropped = False

    @property
    def waiting(self) -> int:
        return len(self.jobs)

    def submit(self, job: Job) -> None:
        self.jobs.append(job)

    def recall(self, token: int) -> bool:
        before = len(self.jobs)
        self.jobs = [job for job in self.jobs if job.token != token]
        return len(self.jobs) < before

    def wake(self) -> None:
        """As asked."""

    def drop_openings(self) -> None:
        """None of these sockets is being opened."""
        self.dropped = True

    def open(self) -> None:
        assert self.worker.may_connect(self)
        self.connections += 1

    async def close(self) -> None:
        """Like a lane: the owner of the socket is told first, the slot given back after that."""
        self.worker.closed(self)
        self.connections -= 1
        await asyncio.sleep(0)

    def start(self) -> Job:
        job = self.jobs.pop(0)
        assert self.worker.may_mail(job)
        return job


class Desk:
    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.reports: list[Report] = []
        self.lanes: list[SocketLane] = []
        maker = ContentMaker(ContentKinds({}), None, None)  # type: ignore[arg-type] - nothing is rendered here
        marks = MarkFile(folder / "worker-2.marks")
        self.worker = Worker(self.reports.append, self._lane, maker, marks, self.clock)  # type: ignore[arg-type]

    def _lane(self, key: LaneKey, source: EgressSource, limits: LaneLimits, worker: Worker) -> SocketLane:
        self.lanes.append(SocketLane(key, source, limits, worker))
        return self.lanes[-1]

    @property
    def lane(self) -> SocketLane:
        return self.lanes[-1]

    def take(self, *tokens: int, connects: int = 0, revoke: bool = False, limits: LaneLimits | None = None) -> None:
        settings = LaneSettings(KEY, "", "mail.example.org", limits or LaneLimits(), connects, revoke=revoke)
        jobs = [parcel(token) for token in tokens]
        self.worker.take(Handover([settings], {"mx.example": routed("mx.example").hosts}, [CONTENT], jobs))

    def news(self) -> list[LaneNews]:
        """Of the report of what happened since the last one."""
        self.worker._report()
        return self.reports[-1].lanes


def parcel(token: int) -> JobParcel:
    recipients = (JobRecipient(token, "b@example.com"),)
    return JobParcel(token, KEY, "mx.example", 1, "a@example.org", recipients, "7BIT", False, "", "", 10, False)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_a_lane_without_sockets_is_given_up_at_once_with_its_permits(desk: Desk) -> None:
    desk.take(connects=3)
    desk.worker.forget([KEY], 7)
    assert desk.news() == [LaneNews(KEY, (), 0, wants_connect=False, unused=3, forgotten=7)]
    assert desk.worker.figures()["lanes"] == 0


async def test_a_lane_that_the_worker_never_had_is_given_up_too(desk: Desk) -> None:
    desk.worker.forget([KEY], 7)
    assert desk.news() == [LaneNews(KEY, (), 0, wants_connect=False, forgotten=7)]


async def test_a_lane_is_given_up_when_its_last_socket_is_closed_and_not_before(desk: Desk) -> None:
    desk.take(1, connects=3)
    desk.lane.open()
    desk.lane.open()
    job = desk.lane.start()
    desk.worker.forget([KEY], 7)
    assert [each.forgotten for each in desk.news()] == [0]
    desk.worker.finished(job, [DELIVERED], None)
    await desk.lane.close()
    assert [(each.connections, each.forgotten) for each in desk.news()] == [(1, 0)]
    await desk.lane.close()
    assert [(each.connections, each.forgotten) for each in desk.news()] == [(0, 7)]


async def test_permits_and_connects_of_a_lane_that_is_taken_away_are_all_told(desk: Desk) -> None:
    desk.take(connects=4)
    desk.lane.open()
    now = desk.clock.monotonic()
    desk.worker.forget([KEY], 7)
    await desk.lane.close()
    news = desk.news()
    assert sum(each.unused for each in news) == 3
    assert [at for each in news for at in each.connects] == [now]


async def test_a_lane_that_is_taken_away_connects_no_more_and_gives_back_what_has_not_started(desk: Desk) -> None:
    desk.take(1, 2, connects=4)
    desk.lane.open()
    desk.lane.start()
    desk.worker.forget([KEY], 7)
    assert not desk.worker.may_connect(desk.lane)
    assert desk.lane.limits.max_connections == 0
    assert desk.lane.dropped
    desk.worker._report()
    assert [item.token for item in desk.reports[-1].returned] == [2]


async def test_a_lane_that_is_asked_for_again_stays_as_it_is(desk: Desk) -> None:
    desk.take(connects=1)
    desk.lane.open()
    desk.worker.forget([KEY], 7)
    desk.take(connects=2)
    assert len(desk.lanes) == 1
    assert desk.lane.limits == LaneLimits()
    await desk.lane.close()
    assert [each.forgotten for each in desk.news()] == [0]
    assert desk.worker.may_connect(desk.lane)


async def test_a_socket_that_ends_without_a_word_is_seen_by_the_sweep(desk: Desk) -> None:
    desk.take(connects=2)
    desk.lane.open()
    desk.worker.forget([KEY], 7)
    desk.news()
    desk.lane.connections = 0
    desk.worker.sweep()
    assert [each.forgotten for each in desk.news()] == [7]


async def test_revoked_permits_come_back_and_those_of_the_new_limits_hold(desk: Desk) -> None:
    desk.take(connects=3)
    desk.lane.open()
    desk.take(connects=1, revoke=True)
    (news,) = desk.news()
    assert (len(news.connects), news.unused) == (1, 2)
    assert desk.worker.may_connect(desk.lane)
    assert not desk.worker.may_connect(desk.lane)


async def test_a_mail_counts_from_the_moment_at_which_its_peer_could_read_it(desk: Desk) -> None:
    desk.take(1)
    job = desk.lane.start()
    said = desk.clock.monotonic()
    desk.worker.finished(job, [DELIVERED], said + 0.8)
    desk.worker._report()
    (finished,) = desk.reports[-1].finished
    assert finished.mails == (said + 0.8,)
