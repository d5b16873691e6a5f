"""A reload while mail flows: sites change their provider, lanes their limits; nothing is exceeded and nothing lost."""

import pytest
from fakes.queue_ports import limits
from fakes.queue_room import QueueRoom, report
from msgspec.structs import replace
from youtong.mta.outcome import Delivered
from youtong.mta.reply import reply
from youtong.queue.lanes.lanes import Lane
from youtong.queue.lanes.moving import Moving
from youtong.queue.lanes.reshaping import Reshaping
from youtong.queue.limits import Limit, RateLimit, SiteLimits
from youtong.queue.protocol import LaneKey, LaneNews
from youtong.queue.sites import KnownRoute

DELIVERED = Delivered(reply(250, "2.0.0", "ok"))


class Reloaded:
    """A room whose rules the test changes."""

    def __init__(self, room: QueueRoom) -> None:
        self.room, self.moving = room, Moving(room.leasing, room.fleet, room.clock)
        self.reshaping = Reshaping(room.leasing, room.sites, self.moving, room.clock)

    def group(self, provider: str, *sites: str) -> None:
        """The sites belong to a provider from now on."""
        self.room.routes.provider_of = lambda _, hosts: provider if hosts[0] in sites else ""  # type: ignore[method-assign]
        if self.reshaping.all_anew():
            self.room.loader.start_over()

    def lane(self, provider: str) -> Lane:
        return self.room.leasing.lanes[LaneKey(provider, "default")]

    async def close(self, provider: str) -> None:
        """The old worker closes the lane's last socket."""
        self.moving.turn()
        self.moving.turn()
        number = self.room.fleet.numbers[-1]
        news = LaneNews(self.lane(provider).key, (), 0, wants_connect=False, forgotten=number)
        await self.room.hear(report(lanes=[news]))


@pytest.fixture
def reloaded(room: QueueRoom) -> Reloaded:
    return Reloaded(room)


async def deliver(room: QueueRoom, *addresses: str) -> None:
    await room.accept(*addresses)
    for leased in await room.load():
        await room.finish(leased, *[DELIVERED] * len(leased.ready.recipients))


async def test_new_limits_reach_every_lane_and_its_worker(reloaded: Reloaded) -> None:
    room = reloaded.room
    await room.accept("b@example.com")
    (leased,) = await room.load()
    room.limits.limits = limits(mails=5, connections=3)
    assert not reloaded.reshaping.all_anew()
    lane = reloaded.lane("mx.example.com")
    assert (lane.limits.connections.value, lane.mails.free(room.clock.monotonic())) == (3, 4)
    assert [each.limits.max_connections for each in room.fleet.updates] == [3]
    assert room.fleet.recalled == [leased.token]


async def test_what_has_not_changed_is_told_to_nobody(reloaded: Reloaded) -> None:
    room = reloaded.room
    await room.accept("b@example.com")
    await room.load()
    assert not reloaded.reshaping.all_anew()
    assert (room.fleet.updates, room.fleet.recalled) == ([], [])


async def test_a_site_of_a_new_provider_counts_there_what_it_was_sent(reloaded: Reloaded) -> None:
    room = reloaded.room
    await deliver(room, "a@example.com")
    await deliver(room, "b@example.com", "c@example.net")
    reloaded.group("big", "mx.example.com", "mx.example.net")
    await reloaded.close("mx.example.com")
    await reloaded.close("mx.example.net")
    route = room.sites.route("example.com")
    assert isinstance(route, KnownRoute)
    assert route.provider == "big"
    assert reloaded.lane("big").mails.free(room.clock.monotonic()) == 100 - 3


async def test_the_new_lane_begins_when_every_old_one_has_closed_its_sockets(reloaded: Reloaded) -> None:
    room = reloaded.room
    await deliver(room, "a@example.com")
    await deliver(room, "c@example.net")
    reloaded.group("big", "mx.example.com", "mx.example.net")
    await room.accept("d@example.com")
    assert await room.load() == []
    await reloaded.close("mx.example.com")
    assert await room.load() == []
    await reloaded.close("mx.example.net")
    (leased,) = await room.load()
    assert leased.lane.provider == "big"


async def test_ready_mail_of_a_site_that_moved_leaves_by_its_new_lane(reloaded: Reloaded) -> None:
    room = reloaded.room
    room.limits.limits = limits(mails=1)
    for name in ("a", "b", "c"):
        await room.accept(f"{name}@example.com")
    (first,) = await room.load()
    assert reloaded.lane("mx.example.com").has_ready
    reloaded.group("big", "mx.example.com")
    assert not reloaded.lane("mx.example.com").has_ready
    await room.finish(first, DELIVERED)
    await reloaded.close("mx.example.com")
    assert await room.load() == []  # the one MAIL of this minute left before
    room.clock.advance(61)
    (leased,) = await room.load()
    assert leased.lane.provider == "big"


async def test_limits_of_single_sites_follow_a_reload(reloaded: Reloaded) -> None:
    room = reloaded.room
    await room.accept("b@example.com")
    await room.load()
    site = SiteLimits(Limit(2, "test"), (RateLimit(1, 60.0, "test"),))
    room.limits.limits = replace(limits(), site=site)
    reloaded.reshaping.all_anew()
    lane = reloaded.lane("mx.example.com")
    assert not lane.sites.may_start("mx.example.com", 1, room.clock.monotonic())
    assert [each.limits.max_connections_per_site for each in room.fleet.updates] == [2]
