"""A whole queue without processes: store on disk, dispatcher's parts wired as it wires them, a fake fleet."""

import asyncio
import sqlite3
from pathlib import Path

from fakes.clock import FakeClock
from fakes.new_queue import new_queue
from fakes.queue_ports import (
    FakeComposer,
    FakeFleet,
    FakeGate,
    FakeJudge,
    FakeLimits,
    FakeReturnPaths,
    FakeRoutes,
    FakeWatch,
    FixedSchedule,
)
from youtong.mta.delivery.dialogue import Dialogue
from youtong.mta.envelope import Body, DeliverBy, Domain, Envelope, ForwardPath
from youtong.mta.outcome import Outcome
from youtong.mta.reply import Reply
from youtong.mta.submission.ports import Accept, Client, InlineBody, Origin, StoredBody, Submission
from youtong.queue import incarnation
from youtong.queue.dialogues import Dialogues
from youtong.queue.endings import Endings
from youtong.queue.expiry import Expiry
from youtong.queue.intake import QueueIntake
from youtong.queue.journal import JournalRow, decode_facts
from youtong.queue.lanes.leasing import Leasing
from youtong.queue.lanes.loader import Loader
from youtong.queue.notices.delays import Delays
from youtong.queue.notices.notices import Notices
from youtong.queue.operators.operating import Operating
from youtong.queue.pace.reacting import Reacting
from youtong.queue.pace.suspending import Suspending
from youtong.queue.pace.suspensions import Suspensions
from youtong.queue.protocol import Finished, LaneNews, Report, Returned, SiteFailed
from youtong.queue.recovery import Recovery
from youtong.queue.settlement import Settled
from youtong.queue.settling import Attempt, Listener, Settling
from youtong.queue.sites import KnownRoute, Sites
from youtong.queue.states import RecipientState
from youtong.queue.storage import dialogue_rows
from youtong.queue.storage.backlog import Pair
from youtong.queue.storage.group_commit import GroupCommit
from youtong.queue.storage.store import QueueStore
from youtong.queue.streams.streams import Streams
from youtong.queue.transactions import Leased

HEAD = b"From: a@example.org\r\nSubject: hello\r\n\r\n"


class QueueRoom:
    """Made inside a running loop; `close` it. Incarnations: 1 owner, 2 the worker in slot 0."""

    def __init__(self, folder: Path, *, limits: FakeLimits | None = None, boot: str = "this boot") -> None:
        self.folder, self.spool, self.run_dir = folder, folder / "spool", folder / "run"
        self.spool.mkdir(exist_ok=True)
        self.run_dir.mkdir(exist_ok=True)
        self.clock = FakeClock()
        self.routes, self.gate, self.judge = FakeRoutes(), FakeGate(), FakeJudge()
        self.schedule, self.fleet, self.composer = FixedSchedule(), FakeFleet(), FakeComposer()
        self.limits = limits or FakeLimits()
        self.watch = FakeWatch()
        self.return_paths = FakeReturnPaths()
        self.hold_because = ""
        self.stops = 0  # how often the book changed
        self.boot = boot
        self.db = new_queue(folder / "queue.db")
        self.store = QueueStore(self.db)
        self.commits = GroupCommit(self.db)
        self.store.attach(self.commits)
        self._wire()
        self.told: list[Settled] = []

    def _wire(self) -> None:
        clock, commits, store = self.clock, self.commits, self.store
        self.book = Suspensions(clock)
        self.suspending = Suspending(commits, self.book, self.stops_changed, clock)
        self.reacting = Reacting(self.watch, self.suspending, clock)
        self.operating = Operating(commits, store, self.suspending, clock, self.reacting.forget_counts)
        self.sites = Sites(self.routes.find, self.routes, self.schedule, clock)
        self.notices = Notices(commits, store, self.composer, self.schedule, clock, self._due_now)
        self.delays = Delays(commits, self.notices.late, clock)
        self.endings = Endings(commits, store, clock, self.notices.owed)
        self.leasing = Leasing(
            commits, store, self.sites, self.limits, self.routes, self.gate, self.endings, self.fleet, clock, self.book
        )
        self.loader = Loader(commits, store, self.sites, self.leasing, self.endings, self._hold, clock)
        self.expiry = Expiry(commits, store, self.endings, clock)
        listener = Listener(self._settled, self._due_now)
        self.settling = Settling(
            commits,
            store,
            self.leasing,
            self.sites,
            self.judge,
            self.schedule,
            clock,
            listener,
            self.reacting,
            Dialogues(dialogue_rows.newest(self.db)),
        )
        self.recovery = Recovery(commits, store, self.run_dir, self.schedule, clock, self.boot)
        self.intake = QueueIntake(
            commits,
            store,
            self.spool,
            self.leasing,
            self.loader,
            self.sites,
            self.schedule,
            clock,
            self.return_paths,
        )
        self.streams = Streams(commits, store, self._due_now, clock, self.book, return_paths=self.return_paths)

    def _hold(self, route: KnownRoute) -> str:
        return self.hold_because

    def _due_now(self, pair: Pair, domain: str) -> None:
        self.loader.notice_due(pair, domain)

    def _settled(self, settled: Settled, attempt: Attempt) -> None:
        self.told.append(settled)
        if settled.owes_notice:
            self.notices.owed(settled.message_id)

    def stops_changed(self) -> None:
        self.stops += 1
        self.leasing.reshape()
        self.loader.start_over()

    # -- life

    async def open(self) -> "QueueRoom":
        """With one living worker in slot 0."""
        for role in ("owner", "worker"):
            await self.begin(role)
        self.fleet.living[0] = 2
        self.leasing.open = True
        return self

    async def begin(self, role: str) -> int:
        return await self.commits.submit(lambda db: incarnation.begin(db, role, self.boot, self.clock.now_ms()))

    async def close(self) -> None:
        self.leasing.open = False
        self.suspending.stop()
        await self.settling.drain()
        await self.commits.close()

    # -- what a client and a worker do

    async def accept(self, *addresses: str, **options: object) -> Reply:
        return await self.intake.accept(submission(*addresses, **options))  # type: ignore[arg-type]

    async def round(self, times: int = 1) -> list[Leased]:
        """The loader's round and all leasing that follows; what was handed over."""
        for _ in range(times):
            await self.expiry.turn()
            await self.loader._round()
            self.leasing.wake()
            await self.idle()
        return self.fleet.take()

    async def load(self) -> list[Leased]:
        """Rounds enough for a look-up, a load, and a lease."""
        return await self.round(3)

    async def idle(self) -> None:
        """Until no look-up, pump or commit is under way."""
        while True:
            tasks = [*self.sites._looking.values()]
            if self.leasing.pumping is not None:
                tasks.append(self.leasing.pumping)
            if not tasks and not self.commits.is_busy:
                return
            await self.commits.idle()
            for task in tasks:
                await task
            await asyncio.sleep(0)  # what follows from their end

    async def finish(self, leased: Leased, *outcomes: Outcome, mails: tuple[float, ...] | None = None) -> None:
        moments = (self.clock.monotonic(),) if mails is None else mails
        await self.hear(report(finished=[Finished(leased.token, list(outcomes), moments)]))

    async def give_back(self, leased: Leased, fault: str = "", mails: tuple[float, ...] = ()) -> None:
        await self.hear(report(returned=[Returned(leased.token, mails, fault)]))

    async def hear(self, said: Report) -> list[int]:
        """The report is heard and committed; its number when it was acknowledged."""
        acknowledged: list[int] = []
        self.settling.hear(said, lambda: acknowledged.append(said.number))
        await self.settling.drain()
        await self.idle()
        return acknowledged

    # -- looking

    def states(self) -> dict[str, RecipientState]:
        rows = self.db.execute("SELECT address, state FROM recipient ORDER BY id")
        return {address: RecipientState(state) for address, state in rows}

    def column(self, name: str, address: str) -> object:
        return self.db.execute(f"SELECT {name} FROM recipient WHERE address = ?", (address,)).fetchone()[0]

    def journal(self, address: str = "") -> list[JournalRow]:
        rows = self.db.execute(
            "SELECT j.* FROM journal AS j LEFT JOIN recipient AS r ON r.id = j.recipient_id"
            " WHERE ? IN ('', r.address) ORDER BY seq",
            (address,),
        )
        return [JournalRow(*row[:7], decode_facts(row[7])) for row in rows]

    def kinds(self, address: str) -> list[str]:
        return [str(row.kind) for row in self.journal(address)]


def submission(
    *addresses: str,
    mail_class: str = "people",
    reverse_path: str = "a@example.org",
    hold: str = "",
    source: str = "",
    body: StoredBody | None = None,
    notify: str = "",
    ret: str = "",
    envid: str = "",
    smtputf8: bool = False,
    by: DeliverBy | None = None,
    lifetime_seconds: int | None = None,
    author_domain: str = "",
) -> Submission:
    paths = tuple(ForwardPath(each, Domain(each.rpartition("@")[2].lower()), notify) for each in addresses)
    return Submission(
        Origin("a@example.org", 7, 1, mail_class),
        Client("127.0.0.1", 1),
        Envelope(reverse_path, paths, Body.SEVEN_BIT, smtputf8, ret, envid, by),
        HEAD,
        body or InlineBody(b"text\r\n"),
        Accept(hold=hold, source=source, lifetime_seconds=lifetime_seconds, author_domain=author_domain),
    )


def report(
    *,
    finished: list[Finished] | None = None,
    returned: list[Returned] | None = None,
    lanes: list[LaneNews] | None = None,
    failed_sites: list[SiteFailed] | None = None,
    dialogues: list[Dialogue] | None = None,
    number: int = 1,
) -> Report:
    return Report(number, finished or [], returned or [], lanes or [], failed_sites or [], dialogues or [])


def opened(path: Path) -> sqlite3.Connection:
    """Another connection, as another process has."""
    return sqlite3.connect(path, isolation_level=None, timeout=0)
