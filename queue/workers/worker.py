"""A delivery worker: renders, signs and speaks SMTP for what the owner leased to it. Remembers nothing.

Owns   the worker's end of the protocol: jobs, lanes, permits as passed on by the owner, marks, reports.
Knows  no database and no limit but those it is given. How it is configured is the composition root's.

Invariants
    Q3  before the octets of a final dot: the mark is written, and the owner lives; else the connection is dropped.
    Q4  each job is one MAIL permit; each connect takes one of the permits that came with the lane.
    Every job is reported exactly once: finished or returned.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from ...mta.clock import Clock
from ...mta.crashpoint import reach
from ...mta.delivery.dialogue import Dialogue
from ...mta.delivery.egress import EgressSource, LaneLimits
from ...mta.delivery.events import LaneRef
from ...mta.delivery.job import Job, RenderFault
from ...mta.delivery.lane import Lane
from ...mta.outcome import Deferred, Outcome, wording
from ..protocol import (
    Finished,
    Halt,
    Halted,
    Handover,
    LaneKey,
    LaneNews,
    LaneSettings,
    Report,
    Returned,
    SiteFailed,
    WorkerSays,
)
from .marks import MarkFile
from .workerjob import ContentMaker, WorkerJob

_log = logging.getLogger("youtong.worker")
_REPORT_SECONDS = 0.002
_SWEEP_SECONDS = 1.0
_UNSTARTED_SECONDS = 5.0
_FAREWELL_SECONDS = 0.3

MakeLane = Callable[[LaneKey, EgressSource, LaneLimits, "Worker"], Lane]


class _LaneState:
    """A lane with the permits the owner passed on."""

    def __init__(self, key: LaneKey, lane: Lane) -> None:
        self.key, self.lane = key, lane
        self.permits = 0
        self.connects: list[float] = []
        self.wants_connect = False
        self.told = 0  # sockets, in the last news
        self.leaves = 0  # the number of the Forget that took the lane away
        self._void = 0  # permits that the owner revoked

    def revoke(self) -> None:
        """Permits held are void."""
        self._void, self.permits = self._void + self.permits, 0

    def unused(self) -> int:
        """Permits that go back with the next news; none is left when the lane was taken away."""
        if self.leaves:
            self.revoke()
        void, self._void = self._void, 0
        return void


class Worker:
    """Implements mta.delivery.events.LaneEvents."""

    def __init__(
        self,
        say: Callable[[WorkerSays], None],
        make_lane: MakeLane,
        maker: ContentMaker,
        marks: MarkFile,
        clock: Clock,
        verp: Callable[[int], str] = str,
    ) -> None:
        """`verp` makes the local part of a recipient's reverse-path."""
        self._verp = verp
        self._say, self._make_lane, self._maker, self._marks, self._clock = say, make_lane, maker, marks, clock
        self._owner_pid = os.getppid()
        self._lanes: dict[LaneKey, _LaneState] = {}
        self._changed: dict[LaneKey, _LaneState] = {}  # lanes with news for the next report
        self._jobs: dict[int, WorkerJob] = {}
        self._halted: frozenset[int] = frozenset()
        self._job_ended = asyncio.Event()
        self._marked: set[int] = set()
        self._unacknowledged: dict[int, list[int]] = {}
        self._reports = 0
        self._finished: list[Finished] = []
        self._returned: list[Returned] = []
        self._failed_sites: list[SiteFailed] = []
        self._dialogues: list[Dialogue] = []
        self._gone: list[LaneNews] = []  # the last news of lanes that were taken away
        self._is_scheduled = False

    # -- what the owner says --------------------------------------------------------------------------------------

    def take(self, handover: Handover) -> None:
        for settings in handover.lanes:
            self._settle_lane(settings)
        contents = {content.id: content for content in handover.contents}
        now = self._clock.monotonic()
        for parcel in handover.jobs:
            content = contents.get(parcel.content_id)
            if content is None:
                self._returned.append(Returned(parcel.token, (), "its content is gone"))
                self._schedule()
                continue
            job = WorkerJob(parcel, handover.sites[parcel.site], content, self._maker, now)
            if parcel.verp_domain:
                job.reverse_path = f"{self._verp(parcel.recipients[0].id)}@{parcel.verp_domain}"
            self._jobs[parcel.token] = job
            self._lanes[parcel.lane].lane.submit(job)

    def recall(self, tokens: Sequence[int]) -> None:
        for token in tokens:
            job = self._jobs.get(token)
            if job is not None:
                job.is_recalled = True  # it may be prepared already: then it comes back instead of its MAIL
            if job is not None and self._lanes[job.lane].lane.recall(token):
                self.returned(job)

    def halt(self, message: Halt) -> None:
        """From now on these flows, and no others, say no MAIL."""
        self._halted = frozenset(message.flows)
        self._say(Halted(message.number))

    def forget(self, lanes: Sequence[LaneKey], number: int) -> None:
        """The owner takes these lanes away. One whose sockets are closed is gone at once; else when they are, or, if
        the owner asks for it again before, not at all. What is only being opened is closed: hosts that do not greet
        would keep the lane, and all that waits for its provider, for minutes."""
        for key in lanes:
            state = self._lanes.get(key)
            if state is None:
                self._gone.append(LaneNews(key, (), 0, wants_connect=False, forgotten=number))
                self._schedule()
                continue
            state.leaves = number
            self.recall([token for token, job in self._jobs.items() if job.lane == key])
            state.lane.limits = replace(state.lane.limits, max_connections=0)
            state.lane.wake()
            state.lane.drop_openings()
            self._give_up(state)

    def _give_up(self, state: _LaneState) -> None:
        """Say farewell to a lane that was taken away, if nothing of it is left."""
        if state.lane.connections or state.lane.waiting:
            return
        del self._lanes[state.key]
        self._changed.pop(state.key, None)
        news = LaneNews(
            state.key, tuple(state.connects), 0, wants_connect=False, unused=state.unused(), forgotten=state.leaves
        )
        self._gone.append(news)
        self._schedule()

    def committed(self, reports: Sequence[int]) -> None:
        """The owner has these reports on the disk: marks of their leases may go."""
        for number in reports:
            self._marked.difference_update(self._unacknowledged.pop(number, ()))
        self._marks.forget_all_but(self._marked)

    def sweep(self) -> None:
        """What has not started after 5 s goes back, so that the owner may decide anew."""
        oldest = self._clock.monotonic() - _UNSTARTED_SECONDS
        self.recall([token for token, job in self._jobs.items() if job.taken_at <= oldest and not job.mails])
        for state in list(self._lanes.values()):
            self._look_after(state)
            if state.told != state.lane.connections and state.key in self._lanes:  # an opening ended without a word
                self._has_news(state)

    async def run_sweeps(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self.sweep()

    async def stop(self) -> None:
        """Drop attempts before the dot, wait for those after it, report all."""
        lanes = [state.lane for state in self._lanes.values()]
        for lane in lanes:
            lane.stop()
        while self._jobs:
            self._job_ended.clear()
            await self._job_ended.wait()
        farewells = [asyncio.create_task(lane.wait_closed()) for lane in lanes]
        if farewells:  # nobody waits for a peer that takes its time over QUIT
            await asyncio.wait(farewells, timeout=_FAREWELL_SECONDS)
        for lane in lanes:
            lane.abort()
        self._report()

    def figures(self) -> dict[str, int]:
        """How much it has in hand."""
        lanes = [state.lane for state in self._lanes.values()]
        return {
            "jobs": len(self._jobs),
            "lanes": len(lanes),
            "waiting": sum(lane.waiting for lane in lanes),
            "connections": sum(lane.connections for lane in lanes),
        }

    def _settle_lane(self, settings: LaneSettings) -> None:
        state = self._lanes.get(settings.key)
        if state is None:
            source = EgressSource(settings.source_address, settings.ehlo, settings.source_address6, settings.ehlo6)
            lane = self._make_lane(settings.key, source, settings.limits, self)
            state = self._lanes[settings.key] = _LaneState(settings.key, lane)
        if settings.revoke:
            state.revoke()
            self._has_news(state)
        state.permits += settings.connects
        state.leaves = 0
        if state.lane.limits != settings.limits:
            state.lane.limits = settings.limits
            state.lane.wake()
        if state.wants_connect and state.permits:
            state.wants_connect = False
            state.lane.wake()

    # -- what the lanes ask and tell ------------------------------------------------------------------------------

    def may_connect(self, lane: LaneRef) -> bool:
        state = self._state(lane)
        if state.leaves:
            return False
        if state.permits == 0:
            state.wants_connect = True
            self._has_news(state)
            return False
        state.permits -= 1
        state.connects.append(self._clock.monotonic())
        self._has_news(state)
        return True

    def connected(self, lane: LaneRef, at_monotonic: float) -> None:
        """Counted when the permit was taken, a moment earlier."""

    def closed(self, lane: LaneRef) -> None:
        state = self._state(lane)
        self._has_news(state)
        if state.leaves:  # the lane counts the socket until this returns
            asyncio.get_running_loop().call_soon(self._look_after, state)

    def _look_after(self, state: _LaneState) -> None:
        if state.leaves and self._lanes.get(state.key) is state:
            self._give_up(state)

    def site_failed(self, lane: LaneRef, site: str, outcome: Deferred) -> None:
        self._failed_sites.append(SiteFailed(self._state(lane).lane.key, site, wording(outcome)))  # pyright: ignore[reportArgumentType]
        self._schedule()

    def may_mail(self, job: Job) -> bool:
        mine = self._jobs[job.token]
        if mine.mails or mine.is_recalled:  # a second MAIL needs a permit of its own: the owner decides
            return False
        if mine.flow in self._halted:
            return False
        mine.mails.append(self._clock.monotonic())
        return True

    def before_dot(self, job: Job) -> bool:
        if not self._owner_lives():  # before the mark too: what is surely not sent shall not count as maybe
            return False
        try:
            self._marks.leave(job.token)
        except OSError as error:
            _log.error("no dot without a mark token=%d error=%s", job.token, error)
            return False
        self._marked.add(job.token)
        return self._owner_lives()

    def _owner_lives(self) -> bool:
        return os.getppid() == self._owner_pid

    def finished(
        self, job: Job, outcomes: Sequence[Outcome], mail_at: float | None, dialogue: Dialogue | None = None
    ) -> None:
        mine = self._pop(job)
        if mail_at is not None and mine.mails:
            mine.mails[-1] = max(mine.mails[-1], mail_at)
        place = self._place(dialogue) if dialogue is not None else 0
        self._finished.append(Finished(job.token, list(outcomes), tuple(mine.mails), place))
        self._schedule()

    def _place(self, dialogue: Dialogue) -> int:
        """In the next report; jobs that share a dialogue come one behind the other."""
        if not self._dialogues or self._dialogues[-1] is not dialogue:
            self._dialogues.append(dialogue)
        return len(self._dialogues)

    def returned(self, job: Job) -> None:
        mine = self._pop(job)
        self._returned.append(Returned(job.token, tuple(mine.mails)))
        self._schedule()

    def render_failed(self, job: Job, fault: RenderFault) -> None:
        mine = self._pop(job)
        self._returned.append(Returned(job.token, tuple(mine.mails), str(fault) or "the content cannot be made"))
        self._schedule()

    def _pop(self, job: Job) -> WorkerJob:
        self._job_ended.set()
        return self._jobs.pop(job.token)

    def _state(self, lane: LaneRef) -> _LaneState:
        return self._lanes[lane.key]  # pyright: ignore[reportArgumentType] - the keys are those given to make_lane

    # -- reports --------------------------------------------------------------------------------------------------

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_later(_REPORT_SECONDS, self._report)

    def _report(self) -> None:
        self._is_scheduled = False
        self._reports += 1
        report = Report(
            self._reports, self._finished, self._returned, self._news(), self._failed_sites, self._dialogues
        )
        ended = [item.token for item in (*self._finished, *self._returned)]
        self._unacknowledged[self._reports] = [token for token in ended if token in self._marked]
        self._finished, self._returned, self._failed_sites, self._dialogues = [], [], [], []
        reach("report.before")
        self._say(report)
        reach("report.after")

    def _has_news(self, state: _LaneState) -> None:
        self._changed[state.key] = state
        self._schedule()

    def _news(self) -> list[LaneNews]:
        changed, self._changed = self._changed, {}
        news, self._gone = self._gone, []
        for key, state in changed.items():
            connects, state.connects = tuple(state.connects), []
            state.told = state.lane.connections
            news.append(LaneNews(key, connects, state.lane.connections, state.wants_connect, state.unused()))
        return news
