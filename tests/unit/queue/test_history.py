"""A new owner's windows start where the old one's were, whatever was on its way when that one died (Q4)."""

from pathlib import Path

import pytest
from fakes.queue_ports import FakeLimits
from fakes.queue_room import QueueRoom, report
from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec.structs import replace
from youtong.mta.outcome import Delivered
from youtong.mta.reply import reply
from youtong.queue.lanes import history
from youtong.queue.lanes.lanes import Lane
from youtong.queue.lanes.minutes import KEPT_MS, MinuteSweep
from youtong.queue.limits import RateLimit, SiteLimits
from youtong.queue.pace.past import Past, PastMail
from youtong.queue.protocol import LaneKey, LaneNews
from youtong.queue.transactions import Leased

DELIVERED = Delivered(reply(250, "2.0.0", "ok"))
KEY = LaneKey("mx.example.com", "default")
HOUR = RateLimit(1000, 3600.0, "hour")


def hourly(*, site: bool = False) -> FakeLimits:
    made = FakeLimits(mails=1000)
    rates = (*made.limits.message_rates, HOUR)
    made.limits = replace(made.limits, message_rates=rates, connection_rates=(HOUR,))
    if site:
        made.limits = replace(made.limits, site=SiteLimits(message_rates=(HOUR,)))
    return made


async def next_owner(folder: Path, before: QueueRoom, limits: FakeLimits, later: float = 0.0) -> QueueRoom:
    """The old owner is gone at this moment; nothing but the disk is left of it."""
    gone_ms = before.clock.now_ms()
    await before.close()
    room = QueueRoom(folder, limits=limits)
    room.clock.jump((gone_ms - room.clock.now_ms()) / 1000 + later)
    await room.recovery.at_start(await room.begin("owner"))
    room.fleet.living[0] = await room.begin("worker")
    await history.fill_windows(room.commits, room.store, room.leasing, room.routes, room.clock)
    room.leasing.open = True
    return room


async def lane_of(room: QueueRoom) -> Lane:
    """The lane of example.com, as the next message makes it."""
    await room.accept("last@example.com")
    for leased in await room.load():
        await room.give_back(leased)
    return room.leasing.lanes[KEY]


def hour_left(lane: Lane, now: float) -> int:
    (window,) = [each for each in lane.mails._windows if each.limit == HOUR]
    return window.free(now)


async def test_a_new_owners_windows_start_where_the_old_ones_were(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path).open()
    for number in range(3):
        await room.accept(f"b{number}@example.com")
    handed = await room.load()
    for wait, leased in zip((0, 50, 5), handed, strict=True):
        room.clock.advance(wait)
        await room.give_back(leased, mails=(room.clock.monotonic(),))
    room = await next_owner(tmp_path, room, FakeLimits(), later=10)
    assert room.leasing.history[KEY].mails == [PastMail(985.0, "mx.example.com"), PastMail(990.0, "mx.example.com")]
    await room.close()


async def test_a_wall_clock_set_back_counts_what_left_as_now(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path, limits=hourly()).open()
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.give_back(leased, mails=(room.clock.monotonic(),))
    room = await next_owner(tmp_path, room, hourly(), later=-3000)
    now = room.clock.monotonic()
    past = room.leasing.history[KEY]
    assert past.mails == [PastMail(now, "mx.example.com")]
    assert {minute.moment for minute in past.minutes} == {now}
    await room.close()


async def test_a_reported_connect_is_there_for_the_next_owners_windows(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path).open()
    at = room.clock.monotonic()
    room.clock.advance(2)
    await room.hear(report(lanes=[LaneNews(KEY, (at,), 1, wants_connect=False)]))
    room = await next_owner(tmp_path, room, FakeLimits())
    assert room.leasing.history[KEY].connects == [room.clock.monotonic() - 2]
    await room.close()


async def test_an_hourly_window_starts_where_the_old_one_was(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path, limits=hourly()).open()
    for number in range(3):
        await room.accept(f"b{number}@example.com")
        (leased,) = await room.load()
        await room.finish(leased, DELIVERED)
        await room.hear(report(lanes=[LaneNews(KEY, (room.clock.monotonic(),), 1, wants_connect=False)]))
        room.clock.advance(600)
    room = await next_owner(tmp_path, room, hourly(), later=60)
    lane = await lane_of(room)
    now = room.clock.monotonic()
    assert hour_left(lane, now) == 997
    assert lane.connects.free(now) == 997
    assert hour_left(lane, now + 3600 - 1860) == 997
    assert hour_left(lane, now + 3600 - 1860 + 61) == 998
    await room.close()


async def test_a_lane_without_long_windows_writes_no_minutes(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path).open()
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.finish(leased, DELIVERED)
    assert room.db.execute("SELECT count(*) FROM sent_minute").fetchone() == (0,)
    await room.close()


@pytest.mark.parametrize("site", [False, True])
async def test_many_mails_of_a_minute_are_one_row(tmp_path: Path, *, site: bool) -> None:
    room = await QueueRoom(tmp_path, limits=hourly(site=site)).open()
    await room.accept(*[f"b{number}@example.com" for number in range(3)])
    await room.accept("c@example.com")
    for leased in await room.load():
        await room.finish(leased, DELIVERED, *[DELIVERED] * (len(leased.ready.recipients) - 1))
    rows = room.db.execute("SELECT provider, site, mails FROM sent_minute").fetchall()
    assert rows == [("mx.example.com", "mx.example.com" if site else "", 2)]
    await room.close()


async def test_what_a_dead_worker_had_counts_for_the_next_owner_too(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path, limits=hourly()).open()
    await room.accept("b@example.com")
    (leased,) = await room.load()
    room.settling.lost([leased], room.clock.monotonic())
    await room.settling.drain()
    room.leasing.open = False
    room.clock.advance(300)
    room = await next_owner(tmp_path, room, hourly())
    assert hour_left(await lane_of(room), room.clock.monotonic()) == 999
    await room.close()


async def test_each_recovered_transaction_counts_as_one_mail_even_two_owners_later(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path, limits=hourly()).open()
    await room.accept("b@example.com", "c@example.com")
    await room.accept("d@example.com")
    assert len(await room.load()) == 2
    room = await next_owner(tmp_path, room, hourly())
    assert room.leasing.recovered == {"example.com": [room.clock.monotonic()] * 2}
    room = await next_owner(tmp_path, room, hourly(), later=200)
    lane = await lane_of(room)
    assert hour_left(lane, room.clock.monotonic()) == 998
    assert lane.connects.free(room.clock.monotonic()) == 996  # permits that may have been out
    await room.close()


async def test_a_provider_that_a_rule_names_now_counts_what_its_site_was_sent(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path, limits=hourly()).open()
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.finish(leased, DELIVERED)
    gone_ms = room.clock.now_ms()
    await room.close()
    room = QueueRoom(tmp_path, limits=hourly())
    room.clock.jump((gone_ms - room.clock.now_ms()) / 1000 + 600)
    room.routes.provider_of = lambda domain, hosts: "big" if "mx.example.com" in hosts else ""  # type: ignore[method-assign]
    await history.fill_windows(room.commits, room.store, room.leasing, room.routes, room.clock)
    assert [minute.mails for minute in room.leasing.history[LaneKey("big", "default")].minutes if minute.mails] == [1]
    await room.close()


async def test_what_no_window_counts_any_more_is_forgotten(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path, limits=hourly()).open()
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.finish(leased, DELIVERED)
    sweep = MinuteSweep(room.commits, room.clock)
    assert await sweep.sweep() == 0
    room.clock.advance(KEPT_MS / 1000 + 61)
    assert await sweep.sweep() == 1
    await room.close()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_no_kill_makes_a_window_forget(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Owners die at any moment, with transactions in any state: MAILs of the last hour are always all counted."""
    folder = tmp_path_factory.mktemp("room")
    room = await QueueRoom(folder, limits=hourly()).open()
    said: list[int] = []  # epoch ms of every MAIL
    hand: list[tuple[Leased, tuple[float, ...]]] = []
    for step in range(data.draw(st.integers(4, 14))):
        match data.draw(st.sampled_from(["mail", "say", "finish", "wait", "wait", "kill"])):
            case "mail":
                await room.accept(f"b{step}@example.com")
                hand += [(leased, ()) for leased in await room.load()]
            case "say" if hand:
                leased, mails = hand.pop(0)
                hand.append((leased, mails or (room.clock.monotonic(),)))
                said += [] if mails else [room.clock.now_ms()]
            case "finish" if hand:
                leased, mails = hand.pop(0)
                await (room.finish(leased, DELIVERED, mails=mails) if mails else room.give_back(leased))
            case "kill":
                hand.clear()
                room = await next_owner(folder, room, hourly(), later=data.draw(st.floats(0, 100)))
            case _:
                room.clock.advance(data.draw(st.sampled_from([1.0, 70.0, 600.0])))
    room = await next_owner(folder, room, hourly())
    lane = await lane_of(room)
    recent = [at for at in said if at > room.clock.now_ms() - 3_600_000]
    assert hour_left(lane, room.clock.monotonic()) <= 1000 - len(recent)
    await room.close()


def test_the_past_of_two_names_is_one() -> None:
    past = Past([PastMail(1.0, "a")])
    past.add(Past([PastMail(2.0, "b")], [3.0], recovered=[4.0]))
    assert past == Past([PastMail(1.0, "a"), PastMail(2.0, "b")], [3.0], [], [4.0])
