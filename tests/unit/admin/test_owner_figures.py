"""Figures of the owner as the panorama shows them: a real queue, no processes."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from fakes.explained import SeenDispatcher
from fakes.queue_ports import FakeLimits
from fakes.queue_room import QueueRoom
from youtong.admin import owner_figures
from youtong.admin.figures import Around, OwnerFigures, SessionFigures
from youtong.admin.panorama import provider_rows
from youtong.mta.outcome import Deferred, Delivered, Failed, Peer, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.figures import Total
from youtong.queue.pace.ceiling import CeilingKind
from youtong.queue.pace.suspensions import Suspension, SuspensionScope
from youtong.queue.storage.backlog_reads import WaitingSum

PEER = Peer("mx.b.example", "192.0.2.1")
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(450, "4.2.0", "Greylisted"), peer=PEER, category="greylisted")
TAKEN = Delivered(reply(250, "2.0.0", "ok"), PEER)
REFUSED = Failed(Stage.RCPT, Scope.RECIPIENT, reply(550, "5.1.1", "no"), peer=PEER)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[QueueRoom]:
    made = await QueueRoom(tmp_path, limits=FakeLimits(mails=3)).open()
    yield made
    await made.close()


def figures(room: QueueRoom) -> OwnerFigures:
    """As they come out of the socket."""
    around = Around(SessionFigures(2, 100, {"550": 1}), {"asked": 3})
    dispatcher = SeenDispatcher(room)
    seen = owner_figures.look(dispatcher, around, 5.0, room.clock.monotonic())  # type: ignore[arg-type]
    return msgspec.convert(msgspec.json.decode(msgspec.json.encode(seen)), OwnerFigures)


async def _one_of_each(room: QueueRoom) -> None:
    for outcome in (TAKEN, LATER, REFUSED):
        await room.accept("bob@b.example")
        (leased,) = await room.load()
        await room.finish(leased, outcome)
    room.clock.advance(1)


async def test_what_left_and_what_came_of_it_is_counted_once(room: QueueRoom) -> None:
    await _one_of_each(room)
    seen = figures(room)
    (lane,) = seen.lanes
    assert (lane.delivered_1m, lane.deferred_1m, lane.bounced_1m) == (1, 1, 1)
    assert seen.accepted == {"people": 3}
    assert set(seen.totals) == {Total("other", "people", came, 1) for came in ("delivered", "deferred", "bounced")}


async def test_a_minute_later_the_rates_are_gone_and_the_totals_stay(room: QueueRoom) -> None:
    await _one_of_each(room)
    room.clock.advance(61)
    seen = figures(room)
    (lane,) = seen.lanes
    assert (lane.mails_1m, lane.delivered_1m) == (0, 0)
    assert sum(each.count for each in seen.totals) == 3


async def test_the_ceiling_is_told_with_where_it_comes_from(room: QueueRoom) -> None:
    await _one_of_each(room)
    (row,) = provider_rows([], figures(room).lanes)
    assert row.ceiling.kind is CeilingKind.MESSAGE_RATE
    assert (row.ceiling.count, row.ceiling.per_seconds, row.ceiling.because) == (3, 60.0, "test")


async def test_a_provider_whose_hosts_do_not_let_us_begin_says_so_and_until_when(room: QueueRoom) -> None:
    for site in ("mx1.a.example", "mx2.a.example"):
        room.sites.site_failed(site, f"refused by {site}", "provider-a")
    room.clock.advance(10)
    rests = figures(room).rests
    (row,) = provider_rows([WaitingSum("provider-a", 1, "bulk", 5)], (), rests)
    assert (row.ceiling.kind, row.ceiling.count, row.ceiling.free_in_seconds) == (CeilingKind.RESTING, 2, 50.0)
    assert row.ceiling.because == "refused by mx1.a.example"
    room.clock.advance(60)  # one letter tries them
    (row,) = provider_rows([WaitingSum("provider-a", 1, "bulk", 5)], (), figures(room).rests)
    assert (row.ceiling.kind, row.ceiling.free_in_seconds) == (CeilingKind.RESTING, 0.0)
    room.sites.site_answered("mx1.a.example")
    room.sites.site_answered("mx2.a.example")
    assert not figures(room).rests


async def test_an_idle_lane_without_a_worker_is_limited_by_nothing(room: QueueRoom) -> None:
    await room.accept("bob@b.example")
    (leased,) = await room.load()
    await room.finish(leased, TAKEN)
    room.leasing.lanes[leased.lane].worker = None
    (lane,) = figures(room).lanes
    assert lane.ceiling.kind is CeilingKind.NOTHING


async def test_a_stop_is_the_ceiling_and_stands_in_the_list(room: QueueRoom) -> None:
    await _one_of_each(room)
    stop = Suspension(5, SuspensionScope.PROVIDER, "mx.b.example", rule="rate", reply="421 slow down")
    room.leasing.book.put(stop)
    seen = figures(room)
    assert seen.suspensions == (stop,)
    assert seen.lanes[0].ceiling.suspension == stop


async def test_commits_and_sessions_are_told(room: QueueRoom) -> None:
    await _one_of_each(room)
    seen = figures(room)
    assert seen.commits.count == seen.commits.buckets[-1][1] > 0
    assert seen.commits.longest_operation_seconds > 0
    assert seen.sessions.refused == {"550": 1}


async def test_more_lanes_than_are_told_are_counted(room: QueueRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner_figures, "MAX_LANES", 2)
    for domain in ("a.example", "b.example", "c.example"):
        await room.accept(f"bob@{domain}")
        await room.load()
    seen = figures(room)
    assert (len(seen.lanes), seen.more_lanes) == (2, 1)
