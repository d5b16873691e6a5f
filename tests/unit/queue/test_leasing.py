"""Leasing: the gate right before the lease, permits that always come back, and timers when only time can help."""

import asyncio
import sqlite3

import pytest
from fakes.queue_ports import FakeLimits
from fakes.queue_room import QueueRoom
from youtong.mta.outcome import Delivered
from youtong.mta.reply import reply
from youtong.queue.gate import Hold, Send, Skip, Wait
from youtong.queue.incarnation import incarnation_of
from youtong.queue.lanes import leasing as leasing_module, pump as pump_module
from youtong.queue.states import RecipientState
from youtong.queue.transactions import Leased

_S = RecipientState
DELIVERED = Delivered(reply(250, "2.0.0", "ok"))


async def warmed(room: QueueRoom, domain: str = "example.com") -> None:
    """The route is known and nothing waits: fresh mail may start at once."""
    await room.accept(f"warm@{domain}")
    (leased,) = await room.load()
    await room.finish(leased, DELIVERED)
    room.clock.advance(61)
    await room.load()
    room.gate.asked.clear()


async def test_a_lease_is_on_the_disk_before_it_is_handed_over(room: QueueRoom) -> None:
    seen: list[object] = []
    hand_over = room.fleet.hand_over

    def looks(slot: int, lane: object, leased: Leased) -> None:
        other = sqlite3.connect(room.folder / "queue.db")
        seen.extend(other.execute("SELECT state, lease FROM recipient").fetchall())
        other.close()
        hand_over(slot, lane, leased)  # type: ignore[arg-type]

    room.fleet.hand_over = looks  # type: ignore[method-assign,assignment]
    await room.accept("b@example.com")
    (leased,) = await room.load()
    assert seen == [(1, leased.token)]
    assert incarnation_of(leased.token) == 2


async def test_a_fresh_message_on_a_known_quiet_route_is_leased_as_it_is_inserted(room: QueueRoom) -> None:
    await warmed(room)
    commits = room.commits.commits
    await room.accept("b@example.com", "c@example.com")
    (leased,) = room.fleet.take()
    assert room.commits.commits == commits + 1
    assert [each.address for each in leased.ready.recipients] == ["b@example.com", "c@example.com"]
    assert room.gate.asked == ["b@example.com", "c@example.com"]
    assert leased.content is not None


@pytest.mark.parametrize("decision", [Skip("suppressed"), Hold("paused")])
async def test_every_recipient_passes_the_gate_right_before_its_lease(room: QueueRoom, decision: Skip | Hold) -> None:
    room.gate.decisions["c@example.com"] = decision
    await room.accept("b@example.com", "c@example.com", "d@example.com")
    (leased,) = await room.load()
    assert [each.address for each in leased.ready.recipients] == ["b@example.com", "d@example.com"]
    assert room.states()["c@example.com"] is (_S.SKIPPED if isinstance(decision, Skip) else _S.HELD)
    assert room.journal("c@example.com")[0].facts.reason == decision.reason


@pytest.mark.parametrize(
    ("mail_class", "decision", "notice"),
    [
        ("people", Skip("suppressed"), 1),
        ("people", Hold("paused"), 0),
        ("transactional", Skip("suppressed"), 0),
        ("bulk", Skip("suppressed"), 0),
    ],
)
async def test_a_person_whose_letter_the_gate_ends_is_owed_a_notice(
    room: QueueRoom, mail_class: str, decision: Skip | Hold, notice: int
) -> None:
    owed: list[int] = []
    room.endings._notice_owed = owed.append
    room.gate.decisions["b@example.com"] = decision
    await room.accept("b@example.com", mail_class=mail_class)
    await room.load()
    assert room.column("notice", "b@example.com") == notice
    assert owed == [1] * notice


async def test_whom_the_gate_lets_wait_is_left_as_it_was_and_goes_when_the_gate_says_so(room: QueueRoom) -> None:
    room.gate.decisions["c@example.com"] = Wait()
    await room.accept("b@example.com", "c@example.com")
    (leased,) = await room.load()
    assert [each.address for each in leased.ready.recipients] == ["b@example.com"]
    assert room.states()["c@example.com"] is _S.SCHEDULED
    assert room.journal("c@example.com") == []
    room.gate.decisions["c@example.com"] = Send()
    room.clock.advance(2)
    (leased,) = await room.load()
    assert [each.address for each in leased.ready.recipients] == ["c@example.com"]


async def test_a_transaction_of_which_nobody_passes_gives_its_permit_back(room: QueueRoom) -> None:
    room.gate.decisions["b@example.com"] = Skip("suppressed")
    await room.accept("b@example.com")
    assert await room.load() == []
    (lane,) = room.leasing.lanes.values()
    assert (lane.in_flight, lane.mails.out, room.leasing.in_flight, room.leasing._bytes) == (0, 0, {}, 0)


async def test_the_gate_is_asked_for_fresh_mail_too(room: QueueRoom) -> None:
    await warmed(room)
    room.gate.decisions["b@example.com"] = Skip("suppressed")
    await room.accept("b@example.com")
    assert room.fleet.take() == []
    await room.load()
    assert room.states()["b@example.com"] is _S.SKIPPED


async def test_a_fault_of_the_gate_gives_permits_back_and_loses_nobody(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump_module, "_FAULT_SECONDS", 0)
    await room.accept("b@example.com")
    room.gate.fault = ValueError("a bad rule")
    pumping = asyncio.create_task(room.load())
    for _ in range(50):
        await asyncio.sleep(0)
    room.gate.fault = None
    (leased,) = await pumping
    assert leased.ready.recipients[0].address == "b@example.com"
    (lane,) = room.leasing.lanes.values()
    assert (lane.in_flight, lane.mails.out) == (1, 1)


async def test_a_lease_that_cannot_be_written_is_tried_again(room: QueueRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump_module, "_FAULT_SECONDS", 0)
    lease, failures = room.store.lease, [1, 2]

    def fails(ids: object, token: int) -> list[int]:
        if failures:
            failures.pop()
            raise sqlite3.OperationalError("database or disk is full")
        return lease(ids, token)  # type: ignore[arg-type]

    monkeypatch.setattr(room.store, "lease", fails)
    await room.accept("b@example.com", "c@example.com")
    (leased,) = await room.load()
    assert len(leased.ready.recipients) == 2
    assert set(room.states().values()) == {_S.LEASED}


async def test_a_recipient_cancelled_in_the_ready_queue_is_not_leased(room: QueueRoom) -> None:
    room.fleet.living.clear()
    await room.accept("b@example.com", "c@example.com")
    await room.load()
    room.db.execute("UPDATE recipient SET state = 13, next_ms = NULL WHERE address = 'b@example.com'")
    room.fleet.living[0] = 2
    (leased,) = await room.load()
    assert [each.address for each in leased.ready.recipients] == ["c@example.com"]


async def test_without_permits_a_timer_comes_back_when_time_frees_one(room: QueueRoom) -> None:
    room.limits.limits = FakeLimits(mails=1).limits
    await room.accept("b@example.com")
    await room.accept("c@example.com")
    (leased,) = await room.load()
    await room.finish(leased, DELIVERED)
    assert await room.load() == []
    timer = room.leasing._pump._timer
    assert timer is not None
    assert 0 < timer.when() - asyncio.get_running_loop().time() <= 60.1
    room.clock.advance(60.1)
    assert len(await room.load()) == 1


async def test_what_is_in_flight_is_bounded_in_bytes(room: QueueRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leasing_module, "MAX_IN_FLIGHT_BYTES", 100)
    for number in range(6):
        await room.accept(f"b{number}@d{number}.example")
    handed = await room.load()
    assert 1 <= len(handed) < 6
    done = 0
    while handed:
        done += len(handed)
        for leased in handed:
            await room.finish(leased, DELIVERED)
        handed = await room.load()
    assert done == 6


async def test_fresh_mail_does_not_overtake_what_waits_in_its_lane(room: QueueRoom) -> None:
    await warmed(room)
    room.fleet.living.clear()
    await room.accept("b@example.com")
    await room.load()
    room.fleet.living[0] = 2
    await room.accept("c@example.com")
    assert room.fleet.take() == []
    assert [each.ready.recipients[0].address for each in await room.load()] == ["b@example.com", "c@example.com"]


async def test_while_leasing_is_closed_nothing_is_leased(room: QueueRoom) -> None:
    await warmed(room)
    room.leasing.open = False
    await room.accept("b@example.com")
    assert await room.load() == []
    assert room.states()["b@example.com"] is _S.SCHEDULED


async def test_a_lane_of_a_dead_worker_goes_to_another(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    room.leasing.worker_died(0)
    room.settling.lost([leased], room.clock.monotonic())
    await room.settling.drain()
    del room.fleet.living[0]
    room.fleet.living[1] = await room.begin("worker")
    (again,) = await room.load()
    assert incarnation_of(again.token) == 3
    assert again.token != leased.token


async def test_every_lease_has_a_token_of_its_own(room: QueueRoom) -> None:
    for number in range(20):
        await room.accept(f"b{number}@example.com")
    tokens = [leased.token for leased in await room.load()]
    assert len(set(tokens)) == 20


async def test_mail_of_an_earlier_owner_counts_on_the_lane_where_its_domain_goes(room: QueueRoom) -> None:
    room.leasing.recovered["example.com"] = [room.clock.monotonic()] * 99
    await room.accept("b@example.com")
    await room.accept("c@example.com")
    assert len(await room.load()) == 1
    (lane,) = room.leasing.lanes.values()
    assert lane.mails.free(room.clock.monotonic()) == 0  # counted once, however often the domain is met


async def test_a_lane_without_work_is_forgotten_here_and_in_its_worker_and_made_anew(room: QueueRoom) -> None:
    await warmed(room)
    (lane,) = room.leasing.lanes.values()
    room.clock.advance(61)
    room.leasing.forget_idle_lanes()
    assert not room.leasing.lanes
    assert room.fleet.forgotten == [(lane.worker, lane.key)]
    await room.accept("b@example.com")
    (leased,) = room.fleet.take() or await room.load()
    assert room.leasing.lanes[leased.lane] is not lane


async def test_a_lane_with_a_transaction_in_flight_is_not_forgotten(room: QueueRoom) -> None:
    await warmed(room)
    await room.accept("b@example.com")
    (leased,) = room.fleet.take()
    room.clock.advance(600)
    room.leasing.forget_idle_lanes()
    assert leased.lane in room.leasing.lanes
