"""The dispatcher: the owner's queue, whole. Puts its parts together and gives them a life.

Owns   the order of start (lock, migrate, wait for old workers, recover, fill the windows, start workers, open) and of
       stop (close, drain workers, settle, close the store).
Knows  no implementation of a port: the composition root gives them (`Ports`).
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from ..mta.clock import Clock
from . import incarnation
from .contents import spool
from .damage import restore_domains
from .dialogues import KEPT_BYTES, Dialogues
from .endings import Endings
from .expiry import Expiry
from .gate import LeaseGate
from .housekeeping import Housekeeper
from .intake import QueueIntake
from .judging import ReplyJudge
from .lanes import history
from .lanes.leasing import Leasing
from .lanes.loader import Loader
from .lanes.minutes import MinuteSweep
from .lanes.moving import Moving
from .lanes.reshaping import Reshaping
from .limits import LimitSource
from .notices.delays import Delays
from .notices.notices import Composed, NoticeFacts, Notices
from .operators.operating import Operating
from .operators.operations import FLUSH, Operated
from .operators.orders import Order
from .operators.waking import Waking
from .pace.reacting import Reacting
from .pace.suspending import Suspending
from .pace.suspensions import Suspensions
from .people.acquaintances import Acquaintances
from .people.allowances import AllowanceSource
from .people.people import PeopleIntake
from .people.usage import Recent, usage_reader
from .protocol import Report
from .reactions import NoReaction, ReplyWatch
from .recovery import Recovery
from .retry import RetrySchedule
from .return_paths import NoVerp, ReturnPaths
from .routing import RouteSource
from .set_back import SetBack
from .settlement import Settled
from .settling import Attempt, Listener, Settling
from .sites import FindRoute, KnownRoute, Sites
from .storage import dialogue_rows
from .storage.backlog import Pair
from .storage.database import connect, migrate
from .storage.group_commit import GroupCommit
from .storage.people import PeopleReads
from .storage.store import QueueStore
from .streams.render_faults import RENDER_FAULTS, RenderFaults
from .streams.stopping import Stopping
from .streams.streams import Streams
from .streams.way_back import WayBackWatch
from .workers.fleet import ProcessFleet
from .workers.halting import halted_flows
from .workers.marks import mark_path, read_marks

_log = logging.getLogger("youtong.queue")
_FAREWELL_SECONDS = 0.1  # receivers hear that a dead worker's sockets are closed before its lanes connect anew (Q4)


class Ports(msgspec.Struct, frozen=True):
    """The judgements the queue asks for."""

    find_route: FindRoute
    routes: RouteSource
    limits: LimitSource
    gate: LeaseGate
    judge: ReplyJudge
    schedule: RetrySchedule
    compose_notice: Callable[[NoticeFacts], Composed]
    hold_reason: Callable[[KnownRoute], str]
    forget_failures: Callable[[], int]  # of look-ups; how many there were
    watch: ReplyWatch = NoReaction()
    dialogue_bytes: int = KEPT_BYTES
    return_paths: ReturnPaths = NoVerp()
    feedback_id: Callable[[int, int], str] | None = None  # of an account's and a stream's number


class Dispatcher:
    """Implements FleetListener. Made with the data folder's lock held."""

    def __init__(self, data_dir: Path, fleet: ProcessFleet, ports: Ports, clock: Clock, *, deliver: bool) -> None:
        self.run_dir, self.spool_dir = data_dir / "run", data_dir / "spool"
        self.spool_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = incarnation.OwnerLock(self.run_dir)
        self._clock, self._fleet, self._deliver = clock, fleet, deliver
        self._boot = incarnation.boot_id()
        self._open_store(data_dir / "queue.db")
        self._build(ports)
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    def _open_store(self, path: Path) -> None:
        self._path = path
        connection = connect(path)
        migrate(connection)
        self._newest_dialogue = dialogue_rows.newest(connection)
        self.store = QueueStore(connection)
        self.commits = GroupCommit(connection)
        self.store.attach(self.commits)

    def _build(self, ports: Ports) -> None:
        clock, commits, store = self._clock, self.commits, self.store
        self.book = Suspensions(clock)
        self.suspending = Suspending(commits, self.book, self.stops_changed, clock)
        reacting = Reacting(ports.watch, self.suspending, clock)
        self.operating = Operating(commits, store, self.suspending, clock, reacting.forget_counts)
        self.sites = Sites(ports.find_route, ports.routes, ports.schedule, clock)
        self.notices = Notices(commits, store, ports.compose_notice, ports.schedule, clock, self._due_now)
        self.delays = Delays(commits, self.notices.late, clock)
        endings = Endings(commits, store, clock, self.notices.owed)
        self.leasing = Leasing(
            commits, store, self.sites, ports.limits, ports.routes, ports.gate, endings, self._fleet, clock, self.book
        )
        self.loader = Loader(commits, store, self.sites, self.leasing, endings, ports.hold_reason, clock)
        self.expiry = Expiry(commits, store, endings, clock)
        listener = Listener(self._settled, self._due_now)
        dialogues = Dialogues(self._newest_dialogue, ports.dialogue_bytes)
        self._render_faults = RenderFaults(self._hold_stream)
        self.settling = Settling(
            commits, store, self.leasing, self.sites, ports.judge, ports.schedule, clock, listener, reacting, dialogues,
            self._render_faults.fault,
        )  # fmt: skip
        self.recovery = Recovery(commits, store, self.run_dir, ports.schedule, clock, self._boot)
        self.intake = QueueIntake(
            commits, store, self.spool_dir, self.leasing, self.loader, self.sites, ports.schedule, clock,
            ports.return_paths,
        )  # fmt: skip
        self.housekeeper = Housekeeper(self._path, self.spool_dir, commits, self.leasing.forget_idle_lanes, clock)
        self.stopping = Stopping(commits, store, self.book, clock)
        self.streams = Streams(
            commits, store, self._due_now, clock, self.book, self.leasing.revisions, self.stopping, self._halt_now,
            ports.return_paths, ports.feedback_id,
        )  # fmt: skip
        self._way_back = WayBackWatch(commits, ports.return_paths, self.streams.hold)
        self._set_back = SetBack(commits, store, clock)
        self.housekeeper.also(MinuteSweep(commits, clock).sweep)
        self.housekeeper.also(self.suspending.forget_old)
        self.moving = Moving(self.leasing, self._fleet, clock)
        self.reshaping = Reshaping(self.leasing, self.sites, self.moving, clock)
        self._routes, self._forget_failures = ports.routes, ports.forget_failures
        self._people_reads = PeopleReads(self._path)
        self.usages = Recent(usage_reader(self._people_reads, clock))

    def people_intake(self, allowances: AllowanceSource) -> PeopleIntake:
        """The intake of submission: `intake`, and in front of it the limits on people."""
        acquaintances = Acquaintances(self._people_reads, self.commits, self._clock)
        return PeopleIntake(self.intake, self.spool_dir, allowances, self.usages, acquaintances, self._clock)

    # -- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Recover, then lease. Raises StorageError."""
        await incarnation.await_old_workers(self.run_dir)
        await self._set_back.at_start()  # before recovery writes facts with the new time
        mine = await self._begin("owner")
        recovered = await self.recovery.at_start(mine)
        if recovered.unsent or recovered.maybe:
            _log.info("recovered leases unsent=%d maybe_sent=%d", recovered.unsent, recovered.maybe)
        await self._sweep_spool()
        await self.commits.submit(restore_domains)
        await self.suspending.load()
        await self.notices.at_start()
        await self.streams.at_start()
        if self._deliver:
            await history.fill_windows(self.commits, self.store, self.leasing, self._routes, self._clock)
            self._fleet.start(self)
            self._tasks.append(asyncio.create_task(self.moving.run()))
            self._tasks.append(asyncio.create_task(self.loader.run()))
            self._tasks.append(asyncio.create_task(self._set_back.run()))
        self._tasks.append(asyncio.create_task(self.housekeeper.run()))
        self._tasks.append(asyncio.create_task(self.expiry.run()))
        self._tasks.append(asyncio.create_task(self.delays.run()))
        self._tasks.append(asyncio.create_task(self.stopping.run()))
        self._tasks.append(asyncio.create_task(self._way_back.run()))

    async def stop(self, seconds: float) -> None:
        """No lease is given any more; workers end within `seconds`; what they said is committed."""
        self._stopping = True
        self.leasing.open = False
        self.suspending.stop()
        self.notices.stop()
        for task in self._tasks:
            task.cancel()
        self.settling.give_up_after(seconds)
        await self._fleet.stop(seconds)
        await self.settling.drain()
        await self.commits.close()
        self._people_reads.close()
        self._lock.release()

    async def _begin(self, role: str) -> int:
        return await self.commits.submit(
            lambda connection: incarnation.begin(connection, role, self._boot, self._clock.now_ms())
        )

    async def _sweep_spool(self) -> None:
        known = await self.commits.submit(lambda _: self.store.spool_names())
        for name in spool.orphans(self.spool_dir, known):
            spool.remove(self.spool_dir, name)

    # -- the fleet tells ------------------------------------------------------------------------------------------

    async def new_incarnation(self) -> int:
        return await self._begin("worker")

    def ready(self) -> None:
        self.leasing.open = self._deliver and not self._stopping
        self.leasing.wake()
        self.loader.wake()

    def heard(self, report: Report, committed: Callable[[], None]) -> None:
        self.settling.hear(report, committed)

    async def died(self, slot: int, dead: int) -> None:
        """Settle what the dead worker held: its marks say what may have been sent."""
        if not self._stopping:
            await asyncio.sleep(_FAREWELL_SECONDS)
        self.leasing.figures.worker_deaths += not self._stopping
        path = mark_path(self.run_dir, dead)
        marks = read_marks(path)
        self.leasing.worker_died(slot)
        held = [
            leased for leased in self.leasing.in_flight.values() if incarnation.incarnation_of(leased.token) == dead
        ]
        now = self._clock.monotonic()
        self.settling.lost(held, now, marks, by_us=self._stopping)
        await self.settling.drain()
        if not self.settling.has_unrecorded:  # else the next owner has to read it
            path.unlink(missing_ok=True)
        self.leasing.wake()

    # -- after commits --------------------------------------------------------------------------------------------

    def _settled(self, settled: Settled, attempt: Attempt) -> None:
        if settled.owes_notice:
            self.notices.owed(settled.message_id)
        if attempt.hold:
            self._render_faults.fault(settled.message_id)
        elif self._render_faults and attempt.outcome is not None:
            self._render_faults.attempted(settled.message_id)

    def _hold_stream(self, stream_id: int) -> None:
        self._holding = asyncio.get_running_loop().create_task(self.streams.hold(stream_id, RENDER_FAULTS))

    def _due_now(self, pair: Pair, domain: str) -> None:
        self.loader.notice_due(pair, domain)

    @property
    def delivers(self) -> bool:
        return self._deliver

    def worker_pids(self) -> dict[int, int]:
        """Process ids of the workers by slot."""
        return self._fleet.pids()

    def reshape(self) -> None:
        """The shaping rules have changed: sites and lanes follow. What left the ready queues is loaded anew."""
        if self.reshaping.all_anew():
            self.loader.start_over()

    def reload_workers(self) -> None:
        """Workers read configuration and keys anew."""
        self._fleet.reload()

    # -- operators ------------------------------------------------------------------------------------------------

    def stops_changed(self) -> None:
        """The book of suspensions has changed: lanes get their limits, what is stopped is ready no more, and what may
        go again is loaded."""
        self.leasing.reshape()
        self.loader.stops_changed(self.leasing.drop_stopped())
        self._halting = asyncio.get_running_loop().create_task(self._halt())

    async def _halt_now(self) -> None:
        """A stream was paused, resumed or stopped. When this returns, no worker says MAIL for one that does not run."""
        self.stops_changed()
        await self._halting

    async def _halt(self) -> None:
        flows = halted_flows(self.book, self.leasing.in_flight.values())
        halted = set(flows)
        leases = self.leasing.in_flight.items()
        self._fleet.recall([token for token, leased in leases if leased.ready.message.flow.id in halted])
        await self._fleet.halt(flows)

    async def carry_out(self, order: Order) -> Operated:
        """An operator's order. What is being attempted is asked back from its worker where it has to be.

        A flush ends the rests in the way of what it makes due, and forgets failed look-ups of it. Raises StorageError.
        """
        waking = Waking(self.sites, self._forget_failures, order)
        is_flush = order.operation == FLUSH
        result = await self.operating.carry_out(order, waking.met if is_flush else _unheard)
        if result.busy:
            self._fleet.recall(await self.commits.submit(lambda _: self.store.wishes.leases()))
        if result.changed or is_flush:
            self.loader.start_over()
        return waking.done(result) if is_flush else result


def _unheard(_: object) -> None:
    """Domains that need not be woken."""
