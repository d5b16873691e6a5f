"""Limits on people at the intake: what is accepted counts exactly, strangers are braked, a restart forgets nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.queue_room import QueueRoom, submission
from youtong.mta.reply import Reply, reply
from youtong.mta.submission.ports import BodyWriter, Intake, Origin, Submission
from youtong.queue.holds import NewRecipients, new_recipients
from youtong.queue.operators import operations
from youtong.queue.operators.operations import Selection
from youtong.queue.people.acquaintances import MEMORY_MS, Acquaintances
from youtong.queue.people.allowances import Allowance, Span
from youtong.queue.people.people import PeopleIntake
from youtong.queue.people.usage import Recent, usage_reader
from youtong.queue.states import RecipientState
from youtong.queue.storage.people import PeopleReads

_S = RecipientState


class Allowances:
    """AllowanceSource: one allowance for every login."""

    def __init__(self) -> None:
        self.allowance: Allowance | None = Allowance()

    def allowance_for(self, origin: Origin) -> Allowance | None:
        return self.allowance


class Wary(Intake):
    """The queue's own intake, which can be told to wait, or to say something else."""

    def __init__(self, inner: Intake) -> None:
        self._inner = inner
        self.said: Reply | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()

    def open_body(self) -> BodyWriter:
        return self._inner.open_body()

    async def accept(self, submission: Submission) -> Reply:
        self.asked.set()
        await self.gate.wait()
        return self.said or await self._inner.accept(submission)


class PeopleRoom:
    """The queue room with limits in front of its intake."""

    def __init__(self, room: QueueRoom) -> None:
        self.room, self.allowances, self.inner = room, Allowances(), Wary(room.intake)
        self.reads = PeopleReads(room.folder / "queue.db")
        self.restart()

    def restart(self) -> None:
        """Memory is lost; the rows stay."""
        room = self.room
        self.acquaintances = Acquaintances(self.reads, room.commits, room.clock)
        usages = Recent(usage_reader(self.reads, room.clock))
        self.intake = PeopleIntake(self.inner, room.spool, self.allowances, usages, self.acquaintances, room.clock)

    def allow(self, **numbers: int) -> None:
        self.allowances.allowance = Allowance(**numbers)

    async def send(self, *addresses: str, hold: str = "") -> int:
        """The code of the reply."""
        code = (await self.intake.accept(submission(*addresses, hold=hold))).code
        await self.room.idle()
        return code

    async def release(self) -> int:
        now_ms = self.room.clock.now_ms()
        done = await self.room.commits.submit(
            lambda _: operations.operate(self.room.store, "release", Selection(), "", "ann", now_ms)
        )
        return done.changed

    def held(self) -> list[str]:
        return [address for address, state in self.room.states().items() if state is _S.HELD]


@pytest.fixture
async def people(room: QueueRoom) -> AsyncIterator[PeopleRoom]:
    made = PeopleRoom(room)
    yield made
    made.reads.close()


async def test_a_login_sends_as_much_as_it_may_and_again_when_time_has_passed(people: PeopleRoom) -> None:
    people.allow(messages_per_hour=2)
    assert [await people.send("b@b.example") for _ in range(3)] == [250, 250, 450]
    people.room.clock.advance(Span.HOUR + 60)
    assert await people.send("b@b.example") == 250


async def test_recipients_count_each_and_the_same_address_twice_counts_once(people: PeopleRoom) -> None:
    people.allow(recipients_per_day=3)
    assert await people.send("b@b.example", "c@b.example", "b@B.example") == 250
    assert await people.send("d@b.example", "e@b.example") == 450
    assert await people.send("d@b.example") == 250


async def test_two_sessions_of_one_login_cannot_both_take_the_last_place(people: PeopleRoom) -> None:
    people.allow(messages_per_day=3)
    answers = await asyncio.gather(*(people.intake.accept(submission("b@b.example")) for _ in range(10)))
    assert sorted(each.code for each in answers) == [250] * 3 + [450] * 7
    assert people.room.db.execute("SELECT count(*) FROM message").fetchone() == (3,)


async def test_what_was_not_accepted_is_not_counted(people: PeopleRoom) -> None:
    people.allow(messages_per_day=1, new_recipients_per_day=1)
    people.inner.said = reply(452, "4.3.1", "disk full")
    assert await people.send("b@b.example") == 452
    people.inner.said = None
    assert await people.send("c@b.example") == 250
    assert people.held() == []


async def test_a_message_whose_session_left_during_the_commit_counts(people: PeopleRoom) -> None:
    people.allow(messages_per_day=1)
    people.inner.gate.clear()
    session = asyncio.ensure_future(people.intake.accept(submission("b@b.example")))
    await people.inner.asked.wait()
    session.cancel()
    assert isinstance((await asyncio.gather(session, return_exceptions=True))[0], asyncio.CancelledError)
    people.inner.gate.set()
    assert await people.send("b@b.example") == 450


async def test_a_restart_forgets_nothing(people: PeopleRoom) -> None:
    people.allow(messages_per_day=2, recipients_per_hour=4, new_recipients_per_day=3)
    assert await people.send("b@b.example", "c@b.example") == 250
    people.room.clock.advance(600)
    people.restart()
    assert await people.send("b@b.example", "d@b.example", "e@b.example") == 450
    assert await people.send("c@b.example", "d@b.example") == 250
    people.restart()
    assert await people.send("c@b.example") == 450
    people.room.clock.advance(Span.DAY + 1500)
    people.restart()
    assert await people.send("b@b.example", "c@b.example") == 250
    assert people.held() == []


async def test_a_refused_body_leaves_no_file(people: PeopleRoom, tmp_path: Path) -> None:
    people.allow(messages_per_day=1)
    await people.send("b@b.example")
    writer = people.intake.open_body()
    writer.write(b"x" * 100_000)
    body = writer.finish()
    assert (await people.intake.accept(submission("b@b.example", body=body))).code == 450
    assert list((tmp_path / "spool").iterdir()) == []


async def test_without_an_allowance_nothing_is_counted(people: PeopleRoom) -> None:
    people.allowances.allowance = None
    assert [await people.send(f"{n}@b.example") for n in range(5)] == [250] * 5
    people.allow(new_recipients_per_day=5)
    assert people.acquaintances.met_within_a_day(7) == 0


async def test_a_store_that_cannot_be_read_is_temporary_and_keeps_nothing(people: PeopleRoom) -> None:
    people.allow(messages_per_day=5)
    people.reads.close()
    assert await people.send("b@b.example") == 451
    assert people.room.states() == {}
    people.reads = PeopleReads(people.room.folder / "queue.db")


# -- the brake --------------------------------------------------------------------------------------------------------


async def test_strangers_beyond_the_limit_are_held_with_the_numbers_and_known_people_are_not(
    people: PeopleRoom,
) -> None:
    people.allow(new_recipients_per_day=2)
    assert await people.send("b@b.example", "c@b.example") == 250
    assert await people.send("B@b.example", "d@b.example") == 250
    assert people.held() == ["B@b.example", "d@b.example"]
    (fact,) = [row for row in people.room.journal("d@b.example") if row.kind == "held"]
    assert new_recipients(fact.facts.reason) == NewRecipients(3, 2)
    assert await people.send("c@b.example") == 250
    assert people.held() == ["B@b.example", "d@b.example"]


async def test_strangers_of_a_held_message_stay_strangers_until_it_is_released(people: PeopleRoom) -> None:
    people.allow(new_recipients_per_day=1)
    await people.send("b@b.example")
    await people.send("c@b.example")
    await people.send("c@b.example")
    assert people.held() == ["c@b.example"]
    assert len(people.room.db.execute("SELECT 1 FROM recipient WHERE state = 2").fetchall()) == 2
    assert await people.release() == 2
    await people.send("c@b.example")
    assert people.held() == []
    people.restart()
    await people.send("d@b.example")
    assert people.held() == ["d@b.example"]  # the released one took no place, the first one did


async def test_two_messages_at_once_cannot_both_be_the_last_stranger(people: PeopleRoom) -> None:
    people.allow(new_recipients_per_day=1)
    await asyncio.gather(*(people.intake.accept(submission(f"{n}@b.example")) for n in range(3)))
    assert len(people.held()) == 2


async def test_strangers_are_counted_within_a_day_and_forgotten_after_the_memory(people: PeopleRoom) -> None:
    people.allow(new_recipients_per_day=1)
    await people.send("b@b.example")
    people.room.clock.advance(Span.DAY + 1441)
    await people.send("c@b.example")
    assert people.held() == []
    people.room.clock.advance(MEMORY_MS / 1000 + 1)
    await people.send("d@b.example")
    assert [row[0] for row in people.room.db.execute("SELECT count(*) FROM acquaintance")] == [1]


async def test_a_message_that_a_hook_holds_keeps_the_hooks_reason_and_makes_no_acquaintance(
    people: PeopleRoom,
) -> None:
    people.allow(new_recipients_per_day=1)
    await people.send("b@b.example", "c@b.example", hold="looked at by ann")
    assert {row.facts.reason for row in people.room.journal("b@b.example")} == {"looked at by ann"}
    assert await people.send("d@b.example") == 250
    assert people.held() == ["b@b.example", "c@b.example"]


async def test_whom_people_wrote_to_before_the_brake_existed_is_no_stranger(people: PeopleRoom) -> None:
    await people.send("b@b.example")
    await people.send("c@b.example", hold="why not")
    script = (Path(operations.__file__).parents[1] / "storage" / "0004_people.sql").read_text("utf-8")
    seed = script[script.index("INSERT INTO") :]
    people.room.db.execute(seed)
    people.allow(new_recipients_per_day=1)
    people.restart()
    assert people.acquaintances.met_within_a_day(7) == 1
    await people.send("b@b.example")
    assert people.held() == ["c@b.example"]


async def test_only_logins_are_in_the_index_that_usage_is_read_from(people: PeopleRoom) -> None:
    plan = people.room.db.execute(
        "EXPLAIN QUERY PLAN SELECT m.received_ms FROM message AS m"
        " WHERE m.credential_id = ? AND m.credential_id > 0 AND m.received_ms >= ? ORDER BY m.received_ms",
        (1, 1),
    ).fetchall()
    assert [row[3] for row in plan] == [
        "SEARCH m USING COVERING INDEX message_credential (credential_id=? AND received_ms>?)"
    ]


@pytest.mark.parametrize("reason", ["", "new-recipients", "new-recipients:1:2:3", "new-recipients:x:2", "spam"])
def test_other_reasons_are_not_taken_for_the_brake(reason: str) -> None:
    assert new_recipients(reason) is None


async def test_the_log_names_what_the_brake_holds_and_says_once_an_hour_what_it_may_mean(
    people: PeopleRoom, caplog: pytest.LogCaptureFixture
) -> None:
    people.allow(new_recipients_per_day=1)
    for number in range(4):
        people.room.clock.advance(1200)
        await people.send(f"a{number}@x.example", f"b{number}@x.example")
    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    each = [line for line in lines if line.startswith("held message=")]
    assert [line.split()[1] for line in each] == [f"message=q000000{number}" for number in (1, 2, 3, 4)]
    assert all("account=a@example.org reason=new-recipients:2:1" in line for line in each)
    assert len([line for line in lines if "queue list --held --account a@example.org" in line]) == 2


async def test_a_message_that_was_refused_is_not_called_held(
    people: PeopleRoom, caplog: pytest.LogCaptureFixture
) -> None:
    people.allow(new_recipients_per_day=1)
    people.inner.said = reply(452, "4.3.1", "full")
    await people.send("a@x.example", "b@x.example")
    assert "held" not in caplog.text
