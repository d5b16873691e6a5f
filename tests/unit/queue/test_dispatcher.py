"""The queue whole, with real worker processes that only say hello: lives, deaths, and an orderly end."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.clock import FakeClock
from fakes.queue_ports import FakeComposer, FakeGate, FakeJudge, FakeLimits, FakeRoutes, FixedSchedule
from fakes.queue_room import submission
from youtong.mta.clock import Clock, SystemClock
from youtong.queue.dispatcher import Dispatcher, Ports
from youtong.queue.holds import worker_deaths
from youtong.queue.incarnation import DataDirInUse
from youtong.queue.journal import decode_facts
from youtong.queue.operators.orders import Order
from youtong.queue.operators.selections import Selection
from youtong.queue.states import RecipientState
from youtong.queue.workers import fleet as fleet_module
from youtong.queue.workers.fleet import ProcessFleet
from youtong.queue.workers.marks import mark_path

WORKER = """
import os, socket, sys
from pathlib import Path
from youtong.mta.frames import FrameReader
from youtong.queue.workers.marks import MarkFile, mark_path
from youtong.mta.outcome import Delivered
from youtong.mta.reply import reply
from youtong.queue.protocol import Finished, Handover, Hello, Report, Stop, frame, from_owner

run_dir, incarnation, fd, mood = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
marks = MarkFile(mark_path(run_dir, incarnation))
owner, reader = socket.socket(fileno=fd), FrameReader()
owner.sendall(frame(Hello(os.getpid())))
while octets := owner.recv(65536):
    for body in reader.feed(octets):
        message = from_owner(body)
        if isinstance(message, Stop) and mood != "deaf":
            sys.exit(0)
        if isinstance(message, Handover) and mood == "marks":
            for job in message.jobs:
                marks.leave(job.token)
            (run_dir / "marked").touch()
        if isinstance(message, Handover) and mood == "renders":
            for job in message.jobs:
                marks.begin(job.token)
                if any(each.address.startswith("poison") for each in job.recipients):
                    os._exit(139)
                marks.end()
                said = [Delivered(reply(250, "2.0.0", "ok"))] * len(job.recipients)
                owner.sendall(frame(Report(job.token, [Finished(job.token, said, ())], [], [], [])))
"""


class House:
    """A dispatcher with one worker of the given mood."""

    def __init__(self, folder: Path, mood: str = "quiet", clock: Clock | None = None) -> None:
        self.folder, self.run_dir = folder, folder / "run"
        self.routes = FakeRoutes()
        self.ports = Ports(
            self.routes.find,
            self.routes,
            FakeLimits(),
            FakeGate(),
            FakeJudge(),
            FixedSchedule(),
            FakeComposer(),
            lambda route: "",
            lambda: 2,
        )
        self.fleet = ProcessFleet(1, lambda slot, number, fd: self.command(number, fd, mood), FakeClock())
        self.queue = Dispatcher(folder, self.fleet, self.ports, clock or FakeClock(), deliver=True)

    def command(self, number: int, fd: int, mood: str) -> list[str]:
        return [sys.executable, "-c", WORKER, str(self.run_dir), str(number), str(fd), mood]

    async def start(self) -> "House":
        await self.queue.start()
        await until(lambda: self.fleet.incarnation(0))
        return self

    def states(self) -> list[int]:
        return [row[0] for row in self.queue.store._db.execute("SELECT state FROM recipient")]


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110 - another process works on it
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_module, "_RESTART_SECONDS", 0)


async def test_a_second_owner_of_the_same_folder_is_refused(tmp_path: Path) -> None:
    house = await House(tmp_path).start()
    with pytest.raises(DataDirInUse):
        House(tmp_path)
    await house.queue.stop(5)
    again = await House(tmp_path).start()
    await again.queue.stop(5)


@pytest.mark.parametrize(("mood", "attempts"), [("quiet", 0), ("marks", 1)])
async def test_a_killed_worker_is_replaced_and_what_it_held_is_settled(
    tmp_path: Path, mood: str, attempts: int
) -> None:
    house = await House(tmp_path, mood).start()
    assert (await house.queue.intake.accept(submission("b@example.com"))).code == 250
    await until(lambda: house.queue.leasing.in_flight)
    (token,) = house.queue.leasing.in_flight
    if mood == "marks":
        await until((house.run_dir / "marked").exists)
    first = house.fleet.incarnation(0)
    os.kill(house.fleet.pids()[0], signal.SIGKILL)
    await until(lambda: house.fleet.incarnation(0) not in (None, first))
    assert token not in house.queue.leasing.in_flight
    assert house.queue.store._db.execute("SELECT attempts FROM recipient").fetchone() == (attempts,)
    assert first is not None
    assert not mark_path(house.run_dir, first).exists()
    if mood == "quiet":  # due again at once, for the new life
        await until(lambda: house.queue.leasing.in_flight)
    await house.queue.stop(5)


async def test_an_orderly_stop_leaves_no_lease_and_no_lock(tmp_path: Path) -> None:
    house = await House(tmp_path).start()
    await house.queue.intake.accept(submission("b@example.com"))
    await until(lambda: house.queue.leasing.in_flight)
    await house.queue.stop(5)
    other = House(tmp_path)
    assert other.states() == [0]
    assert not list(other.run_dir.glob("*.marks"))
    await other.queue.commits.close()
    other.queue._lock.release()


async def test_a_worker_that_does_not_end_is_killed_when_the_time_is_over(tmp_path: Path) -> None:
    house = await House(tmp_path, "deaf").start()
    await house.queue.stop(0.05)
    assert house.fleet.pids() == {}


async def test_a_hello_during_the_stop_opens_nothing(tmp_path: Path) -> None:
    house = await House(tmp_path).start()
    await house.queue.stop(5)
    house.queue.ready()
    assert not house.queue.leasing.open


async def test_a_worker_that_cannot_be_started_is_tried_again_without_leaking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path)
    command, failures = house.command, [1, 2, 3]

    def fails_first(number: int, fd: int, mood: str) -> list[str]:
        return ["/nonexistent"] if failures and failures.pop() else command(number, fd, mood)

    monkeypatch.setattr(house, "command", fails_first)
    await house.start()
    assert failures == []
    await house.queue.stop(5)


async def test_spool_files_without_a_row_are_swept_at_start(tmp_path: Path) -> None:
    house = House(tmp_path)
    (house.queue.spool_dir / "orphan").write_bytes(b"x")
    await house.start()
    assert list(house.queue.spool_dir.iterdir()) == []
    await house.queue.stop(5)


async def test_a_stop_ends_in_time_though_outcomes_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The leases and marks stay on the disk for the next owner."""
    house = await House(tmp_path, "marks").start()
    await house.queue.intake.accept(submission("b@example.com"))
    await until((house.run_dir / "marked").exists)
    house.queue.store._db.execute("PRAGMA query_only = ON")
    async with asyncio.timeout(20):
        await house.queue.stop(0.5)
    assert len(list(house.run_dir.glob("*.marks"))) == 1
    again = await House(tmp_path).start()
    assert again.queue.store._db.execute("SELECT attempts FROM recipient").fetchone() == (1,)
    await again.queue.stop(5)


async def test_a_flush_forgets_failed_look_ups_and_ends_rests(tmp_path: Path) -> None:
    house = await House(tmp_path).start()
    house.routes.fails("slow.example")
    await house.queue.intake.accept(submission("b@slow.example"))
    await until(lambda: house.queue.sites.domain_rest("slow.example"))
    asked = len(house.routes.asked)
    done = await house.queue.carry_out(Order("flush", Selection(), who="operator"))
    assert (done.rests, done.look_ups) == (1, 2)
    await until(lambda: len(house.routes.asked) > asked)
    await house.queue.stop(5)


async def test_a_letter_that_ends_every_worker_is_held_and_all_mail_beside_it_is_delivered(tmp_path: Path) -> None:
    house = await House(tmp_path, "renders", SystemClock()).start()
    names = ("b", "c", "poison", "d", "e")
    for name in names:
        assert (await house.queue.intake.accept(submission(f"{name}@{name}.example"))).code == 250
    await until(lambda: not {0, 1} & set(house.states()))
    assert house.states() == [RecipientState.HELD if name == "poison" else RecipientState.DELIVERED for name in names]
    reasons = house.queue.store._db.execute("SELECT facts FROM journal WHERE kind = 'held'").fetchall()
    assert len(reasons) == 1
    assert worker_deaths(decode_facts(reasons[0][0]).reason) is not None
    await house.queue.stop(5)
