"""Whatever happens in whatever order: nobody is lost, no permit leaks, and in the end everybody has an ending."""

import asyncio
import tempfile
from pathlib import Path
from random import Random

from fakes.queue_ports import FakeLimits
from fakes.queue_room import QueueRoom
from hypothesis import given, settings, strategies as st
from youtong.mta.outcome import Deferred, Delivered, Failed, Outcome, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.gate import Hold, Skip
from youtong.queue.operators.operations import Selection, flush, operate
from youtong.queue.settlement import TOO_MANY_RECIPIENTS
from youtong.queue.transactions import Leased
from youtong.queue.workers.marks import Marks

DELIVERED = Delivered(reply(250, "2.0.0", "ok"))
OUTCOMES: list[Outcome] = [
    DELIVERED,
    Failed(Stage.RCPT, Scope.RECIPIENT, reply(550, "5.1.1", "no such user")),
    Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later")),
    Deferred(Stage.FINAL_DOT, Scope.ROUTE, None, "lost", ambiguous=True),
    Deferred(Stage.CONNECT, Scope.SITE, None, "refused"),
    Deferred(Stage.RCPT, Scope.RECIPIENT, reply(452, "4.5.3", "too many"), category=TOO_MANY_RECIPIENTS),
]
DOMAINS = ["a.example", "b.example", "c.example"]
STEPS = ["accept", "accept", "round", "round", "round", "finish", "finish", "give back", "site fails", "worker dies",
         "time", "jump", "disk full", "look-up fails", "gate", "operator", "flush"]  # fmt: skip


class Play:
    """A room, a source of chance, and what the worker holds."""

    def __init__(self, room: QueueRoom, random: Random) -> None:
        self.room, self.random = room, random
        self.held: list[Leased] = []
        self.accepted = 0
        room.notices.owed = lambda message_id: None  # type: ignore[method-assign]

    async def step(self, what: str) -> None:
        room, random = self.room, self.random
        match what:
            case "accept":
                await self._accept()
            case "round":
                self.held += await room.round()
            case "finish" if self.held:
                leased = self._pick()
                await room.finish(leased, *random.choices(OUTCOMES, k=len(leased.ready.recipients)))
            case "give back" if self.held:
                await room.give_back(self._pick(), fault=random.choice(["", "", "no field"]))
            case "disk full":
                room.db.execute("PRAGMA query_only = ON")
                assert (await room.accept(f"nobody@{random.choice(DOMAINS)}")).code in (451, 452)
                room.db.execute("PRAGMA query_only = OFF")
            case "site fails":
                room.sites.site_failed(f"mx.{random.choice(DOMAINS)}", "refused")
            case "worker dies":
                await self._worker_dies()
            case "time":
                room.clock.advance(random.choice([1, 61, 400, 4000]))
            case "jump":
                room.clock.jump(random.choice([-3600, 3600]))
            case "look-up fails":
                room.routes.fails(random.choice(DOMAINS))
            case "gate":
                room.gate.decisions[f"r{random.randrange(20)}@a.example"] = random.choice([Skip("no"), Hold("wait")])
            case "operator":
                await self._operate(random.choice(["hold", "release"]))
            case "flush":
                await room.commits.submit(lambda _: flush(room.store, Selection(), "operator", room.clock.now_ms()))
                room.sites.wake_all()
                room.loader.start_over()
            case _:
                pass
        await room.idle()
        self.held += room.fleet.take()

    async def _accept(self) -> None:
        addresses = [f"r{self.accepted + at}@{self.random.choice(DOMAINS)}" for at in range(self.random.randint(1, 4))]
        mail_class = self.random.choice(["people", "transactional", "bulk"])
        self.accepted += len(addresses)
        assert (await self.room.accept(*addresses, mail_class=mail_class)).code == 250

    def _pick(self) -> Leased:
        return self.held.pop(self.random.randrange(len(self.held)))

    async def _worker_dies(self) -> None:
        room = self.room
        room.leasing.worker_died(0)
        lost = list(room.leasing.in_flight.values())
        marked = frozenset(leased.token for leased in lost if self.random.random() < 0.5)
        room.settling.lost(lost, room.clock.monotonic(), Marks(0, marked))
        self.held.clear()
        room.fleet.living[0] = await room.begin("worker")
        await room.settling.drain()

    async def _operate(self, verb: str) -> None:
        now_ms = self.room.clock.now_ms()
        await self.room.commits.submit(
            lambda _: operate(self.room.store, verb, Selection(), "because", "operator", now_ms)
        )
        self.room.loader.start_over()

    def check(self) -> None:
        """Between steps, what memory believes is what the rows say."""
        room = self.room
        states = room.db.execute("SELECT state FROM recipient").fetchall()
        assert len(states) == self.accepted, "somebody was lost"
        late = room.db.execute(
            "SELECT r.id FROM recipient AS r LEFT JOIN backlog AS b USING (domain_id, flow_id)"
            " WHERE r.state = 0 AND (b.due_ms IS NULL OR b.due_ms > r.next_ms)"
        ).fetchall()
        assert late == [], "somebody whom the agenda would not find in time"
        counted = room.db.execute(
            "SELECT domain_id, flow_id, count(*) FROM recipient WHERE state = 0 GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
        assert room.db.execute("SELECT domain_id, flow_id, waiting FROM backlog ORDER BY 1, 2").fetchall() == counted
        leased = {row[0] for row in room.db.execute("SELECT id FROM recipient WHERE state = 1")}
        flying = {each.id for one in room.leasing.in_flight.values() for each in one.ready.recipients}
        assert leased == flying
        assert {one.token for one in self.held} == set(room.leasing.in_flight)
        for lane in room.leasing.lanes.values():
            here = [one for one in room.leasing.in_flight.values() if one.lane == lane.key]
            assert lane.in_flight == lane.mails.out == len(here)
        assert room.leasing._bytes == sum(one.in_flight_bytes() for one in room.leasing.in_flight.values())

    async def end(self) -> None:
        """Everything works again: everybody must come to an ending."""
        room = self.room
        room.routes.answers.clear()
        room.gate.decisions.clear()
        await self._operate("release")
        for _ in range(40):
            if all(state.is_terminal for state in room.states().values()):
                return
            await self.step("round")
            for leased in self.held:
                await room.finish(leased, *[DELIVERED] * len(leased.ready.recipients))
            self.held.clear()
            room.clock.advance(1200)
        raise AssertionError(f"without an ending: {room.states()}")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=40), st.integers(0, 1 << 32))
def test_nobody_is_lost_and_no_permit_leaks_in_any_order_of_events(steps: list[str], seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_play(Path(folder), steps, Random(seed)))


async def _play(folder: Path, steps: list[str], random: Random) -> None:
    room = await QueueRoom(folder, limits=FakeLimits(mails=5, connections=2, recipients=3)).open()
    play = Play(room, random)
    for what in ["accept", *steps]:
        await play.step(what)
        play.check()
    await play.end()
    await room.close()
