"""Lanes move between workers: one at a time, and never while the old worker has a socket (Q4)."""

import pytest
from fakes.queue_room import QueueRoom, report
from hypothesis import HealthCheck, given, settings, strategies as st
from youtong.mta.outcome import Delivered
from youtong.mta.reply import reply
from youtong.queue.lanes.lanes import Lane
from youtong.queue.lanes.moving import Moving
from youtong.queue.protocol import LaneKey, LaneNews
from youtong.queue.routing import Source
from youtong.queue.transactions import Leased

DELIVERED = Delivered(reply(250, "2.0.0", "ok"))


class Moved:
    """A room with two workers, and what each of them has in hand."""

    def __init__(self, room: QueueRoom) -> None:
        self.room, self.moving = room, Moving(room.leasing, room.fleet, room.clock)
        self.hands: dict[int, list[Leased]] = {}

    async def mail(self, *domains: str) -> None:
        await self.room.accept(*[f"b@{domain}" for domain in domains])
        for leased in await self.room.load():
            slot = self.room.leasing.lanes[leased.lane].worker
            assert slot is not None
            self.hands.setdefault(slot, []).append(leased)

    def lanes(self, slot: int | None) -> list[Lane]:
        return [lane for lane in self.room.leasing.lanes.values() if lane.worker == slot]

    def look(self) -> None:
        self.room.clock.advance(1.0)
        self.moving.turn()

    async def finish(self, lane: Lane) -> None:
        for slot, hand in self.hands.items():
            for leased in [each for each in hand if each.lane == lane.key]:
                await self.room.finish(leased, DELIVERED)
                self.hands[slot].remove(leased)

    async def say_closed(self, lane: Lane, number: int | None = None) -> None:
        number = self.room.fleet.numbers[-1] if number is None else number
        await self.room.hear(report(lanes=[LaneNews(lane.key, (), 0, wants_connect=False, unused=4, forgotten=number)]))


@pytest.fixture
async def moved(room: QueueRoom) -> Moved:
    made = Moved(room)
    await made.mail(*(f"example{number}.com" for number in range(6)))
    room.fleet.living[1] = 3  # the second worker starts when the first has all lanes
    return made


def moving_lane(moved: Moved) -> Lane:
    (lane,) = [lane for lane in moved.room.leasing.lanes.values() if lane.is_moving]
    return lane


async def test_a_lane_moves_to_an_idle_worker_when_its_old_one_has_closed_the_last_socket(moved: Moved) -> None:
    moved.look()
    lane = moving_lane(moved)
    assert moved.room.fleet.recalled == [each.token for each in moved.hands[0] if each.lane == lane.key]
    await moved.finish(lane)
    assert moved.room.fleet.forgotten == []
    moved.look()
    assert moved.room.fleet.forgotten == [(0, lane.key)]
    moved.look()
    assert lane.worker == 0
    await moved.say_closed(lane)
    assert (lane.worker, lane.is_moving, lane.connects.out) == (1, False, 0)


async def test_nothing_is_started_on_a_lane_that_moves_and_all_of_it_afterwards(moved: Moved) -> None:
    moved.look()
    lane = moving_lane(moved)
    (domain,) = [each.ready.domain for each in moved.hands[0] if each.lane == lane.key]
    await moved.room.accept(f"c@{domain}")
    assert await moved.room.load() == []
    await moved.finish(lane)
    moved.look()
    await moved.say_closed(lane)
    (leased,) = await moved.room.load()
    assert leased.ready.domain == domain
    assert leased.token >> 40 == 3


async def test_lanes_move_one_at_a_time_until_the_workers_have_the_same(moved: Moved) -> None:
    for _ in range(12):
        moved.look()
        moving = [lane for lane in moved.room.leasing.lanes.values() if lane.is_moving]
        assert len(moving) <= 1
        for lane in moving:
            await moved.finish(lane)
            moved.look()
            await moved.say_closed(lane)
            lane.in_flight += 1  # it is busy where it is now
    assert (len(moved.lanes(0)), len(moved.lanes(1))) == (3, 3)


async def test_a_peer_that_keeps_a_transaction_hanging_keeps_its_lane_where_it_is(moved: Moved) -> None:
    moved.look()
    lane = moving_lane(moved)
    for _ in range(11):
        moved.look()
    assert (lane.worker, lane.is_moving) == (0, False)
    assert moved.room.fleet.forgotten == []


async def test_a_worker_that_dies_meanwhile_frees_its_lane(moved: Moved) -> None:
    moved.look()
    lane = moving_lane(moved)
    await moved.finish(lane)
    moved.look()
    del moved.room.fleet.living[0]
    moved.room.leasing.worker_died(0)
    moved.look()
    assert (lane.worker, lane.is_moving, moved.moving.is_busy) == (None, False, False)


async def test_a_target_that_died_meanwhile_gets_nothing(moved: Moved) -> None:
    moved.look()
    lane = moving_lane(moved)
    await moved.finish(lane)
    moved.look()
    del moved.room.fleet.living[1]
    await moved.say_closed(lane)
    assert (lane.worker, lane.is_moving) == (None, False)


async def test_an_old_farewell_moves_nothing(moved: Moved) -> None:
    moved.look()
    lane = moving_lane(moved)
    await moved.finish(lane)
    moved.look()
    await moved.say_closed(lane, number=99)
    await moved.say_closed(lane, number=1)
    assert (lane.worker, lane.is_moving) == (0, True)


async def test_a_lane_beside_a_balanced_one_stays(moved: Moved) -> None:
    for number, lane in enumerate(moved.room.leasing.lanes.values()):
        lane.worker = number % 2
    for _ in range(5):
        moved.look()
    assert not moved.moving.is_busy


async def test_workers_that_have_much_to_do_both_keep_their_quiet_lanes(moved: Moved) -> None:
    first, second, *_ = moved.room.leasing.lanes.values()
    second.worker = 1
    for _ in range(3):
        first.ended += 2000
        second.ended += 2000
        moved.look()
    assert not moved.moving.is_busy
    assert all(load > 100 for load in moved.room.fleet.loads.values())


async def test_a_lane_that_is_most_of_the_load_stays_where_it_is(moved: Moved) -> None:
    first, *_ = moved.room.leasing.lanes.values()
    first.ended += 2000
    moved.look()
    assert not moved.moving.is_busy


async def test_a_connection_that_hangs_while_it_opens_does_not_stop_the_lanes_other_mail(moved: Moved) -> None:
    moved.look()
    lane = moving_lane(moved)
    (domain,) = [each.ready.domain for each in moved.hands[0] if each.lane == lane.key]
    await moved.finish(lane)
    moved.look()
    assert moved.room.fleet.forgotten == [(0, lane.key)]  # and the worker never says that its last socket is closed
    await moved.room.accept(f"c@{domain}")
    for _ in range(10):
        assert await moved.room.load() == []
        moved.look()
    assert not lane.is_moving
    (leased,) = await moved.room.load()
    assert (leased.lane, lane.worker) == (lane.key, 0)
    for _ in range(200):
        moved.look()
        assert not lane.is_moving  # it is left in peace; others move
    await moved.say_closed(lane, 1)
    assert lane.worker == 0


async def test_who_is_behind_a_lane_begins_when_its_sockets_are_closed(moved: Moved) -> None:
    old, *_ = moved.room.leasing.lanes.values()
    heir = moved.room.leasing.lane_of(LaneKey("new", "default"), Source("default", "", "mail.example.org"))
    heir.behind.add(old.key)
    moved.moving.close([old])
    moved.moving.turn()
    await moved.finish(old)
    moved.moving.turn()
    assert not heir.may_start("a", moved.room.clock.monotonic(), probed=False)
    await moved.say_closed(old)
    assert heir.may_start("a", moved.room.clock.monotonic(), probed=False)
    assert old.worker is None


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_no_lane_has_two_workers_whatever_happens_when(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A model of what each worker has: sockets are opened by hand-over, and closed by a Forget or a death."""
    room = await QueueRoom(tmp_path_factory.mktemp("room")).open()
    moved = Moved(room)
    sockets: dict[LaneKey, int] = {}
    numbers: dict[LaneKey, int] = {}
    incarnation = 3
    room.fleet.living[1] = incarnation
    for _ in range(data.draw(st.integers(5, 25))):
        await moved.mail(*(f"example{number}.com" for number in range(data.draw(st.integers(1, 4)))))
        for slot, hand in moved.hands.items():
            for leased in hand:
                assert sockets.setdefault(leased.lane, slot) == slot, "two workers speak on one lane"
        match data.draw(st.sampled_from(["finish", "look", "close", "die", "look"])):
            case "finish":
                for lane in list(room.leasing.lanes.values())[: data.draw(st.integers(0, 4))]:
                    await moved.finish(lane)
            case "die" if len(room.fleet.living) == 2:
                slot = data.draw(st.sampled_from([0, 1]))
                room.leasing.worker_died(slot)
                room.settling.lost(moved.hands.pop(slot, []), room.clock.monotonic())
                sockets = {key: at for key, at in sockets.items() if at != slot}
                incarnation = await room.begin("worker")
                room.fleet.living[slot] = incarnation
            case "close":
                for (slot, key), number in zip(room.fleet.forgotten, room.fleet.numbers, strict=True):
                    if numbers.get(key) != number and sockets.get(key, slot) == slot:
                        numbers[key] = number
                        sockets.pop(key, None)
                        news = LaneNews(key, (), 0, wants_connect=False, forgotten=number)
                        await room.hear(report(lanes=[news]))
            case _:
                moved.look()
        assert sum(lane.is_moving for lane in room.leasing.lanes.values()) <= 1
    await room.close()
