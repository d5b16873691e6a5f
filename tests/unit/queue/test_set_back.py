"""Nobody waits longer than they were to wait because somebody set the wall clock back."""

import pytest
from fakes.queue_ports import RETRY_MS
from fakes.queue_room import QueueRoom
from youtong.mta.outcome import Deferred, Scope, Stage
from youtong.queue import set_back
from youtong.queue.set_back import SetBack

LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, None, "later")
DAY_SECONDS = 86_400


def watch(room: QueueRoom) -> SetBack:
    return SetBack(room.commits, room.store, room.clock)


async def deferred(room: QueueRoom, *addresses: str) -> None:
    await room.accept(*addresses)
    for leased in await room.load():
        await room.finish(leased, *[LATER] * len(leased.ready.recipients))
    await room.load()


async def test_a_clock_set_back_by_a_day_makes_nobody_wait_for_a_day(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_back, "_PAGE", 3)
    addresses = [f"b{number}@{domain}" for number in range(4) for domain in ("x.example", "y.example", "z.example")]
    watching = watch(room)
    await deferred(room, *addresses)
    room.clock.jump(-DAY_SECONDS)
    await watching.turn()
    assert await room.load() == []
    assert {room.column("next_ms", each) for each in addresses} == {room.clock.now_ms() + RETRY_MS}
    room.clock.advance(RETRY_MS / 1000 + 1)
    assert sum(len(leased.ready.recipients) for leased in await room.load()) == len(addresses)


async def test_each_step_back_counts_once(room: QueueRoom) -> None:
    watching = watch(room)
    await deferred(room, "b@example.com")
    for _ in range(2):
        room.clock.jump(-DAY_SECONDS)
        for _ in range(3):
            await watching.turn()
        assert room.column("next_ms", "b@example.com") == room.clock.now_ms() + RETRY_MS


async def test_who_was_deferred_with_the_new_time_is_due_at_once_and_not_before(room: QueueRoom) -> None:
    watching = watch(room)
    room.clock.jump(-DAY_SECONDS)
    await deferred(room, "b@example.com")
    await watching.turn()
    assert room.column("next_ms", "b@example.com") == room.clock.now_ms()


async def test_a_wait_goes_on_where_it_was_and_what_is_due_stays_where_it_is(room: QueueRoom) -> None:
    watching = watch(room)
    await deferred(room, "b@example.com")
    room.leasing.open = False
    await room.accept("c@example.com")
    due = room.column("next_ms", "c@example.com")
    room.clock.jump(-61)
    room.clock.advance(290)
    await watching.turn()
    assert room.column("next_ms", "b@example.com") == room.clock.now_ms() + 10_000
    assert room.column("next_ms", "c@example.com") == due
    room.clock.jump(-61)
    await watching.turn()
    assert room.column("next_ms", "b@example.com") == room.clock.now_ms() + 10_000


@pytest.mark.parametrize("seconds", [-59, 3600])
async def test_small_corrections_and_steps_forward_change_nothing(room: QueueRoom, seconds: int) -> None:
    watching = watch(room)
    await deferred(room, "b@example.com")
    due = room.column("next_ms", "b@example.com")
    room.clock.jump(seconds)
    await watching.turn()
    assert room.column("next_ms", "b@example.com") == due


async def test_a_clock_that_was_set_back_while_no_server_ran_is_noticed_at_the_start(room: QueueRoom) -> None:
    await deferred(room, "b@example.com")
    room.clock.jump(-DAY_SECONDS)
    watching = watch(room)
    await watching.at_start()
    await watching.turn()
    assert room.column("next_ms", "b@example.com") == room.clock.now_ms() + RETRY_MS


async def test_a_page_is_found_by_the_index_of_due_times(room: QueueRoom) -> None:
    plan = room.db.execute(
        "EXPLAIN QUERY PLAN SELECT domain_id, flow_id, next_ms, id FROM recipient"
        " WHERE state = 0 AND (domain_id, flow_id, next_ms, id) > (1, 2, 3, 4)"
        " ORDER BY domain_id, flow_id, next_ms, id LIMIT 9"
    ).fetchall()
    assert "recipient_due" in str(plan)
    assert "TEMP B-TREE" not in str(plan)
