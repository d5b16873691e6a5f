"""What limits a lane at the moment, and when that ends."""

import pytest
from fakes.queue_ports import limits
from fakes.queue_room import QueueRoom
from msgspec.structs import replace
from youtong.queue.lanes.lanes import Lane
from youtong.queue.limits import Limit, RateLimit, SiteLimits
from youtong.queue.pace.ceiling import CeilingKind
from youtong.queue.pace.in_force import InForce
from youtong.queue.pace.suspensions import Suspension, SuspensionScope
from youtong.queue.protocol import LaneKey, LaneNews
from youtong.queue.routing import Source

KEY = LaneKey("provider", "default")
_K = CeilingKind


def lane(**given: int) -> Lane:
    made = Lane(KEY, Source("default", "", "mail.example.org"), limits(**given))
    made.worker = 0
    return made


def test_nothing_of_ours_limits_an_idle_lane() -> None:
    assert lane().ceiling(0.0).kind is _K.NOTHING


def test_a_full_window_is_named_with_its_numbers_and_its_end() -> None:
    of = lane(mails=2)
    of.mails.record(10.0)
    of.mails.record(20.0)
    ceiling = of.ceiling(30.0)
    assert (ceiling.kind, ceiling.count, ceiling.seconds, ceiling.because) == (_K.MESSAGE_RATE, 2, 60.0, "test")
    assert ceiling.frees_in == pytest.approx(40.05)


def test_a_window_full_of_permits_frees_by_what_comes_back() -> None:
    of = lane(mails=1)
    assert of.mails.take(0.0)
    assert of.ceiling(0.0).frees_in is None


def test_connections_limit_when_all_are_open_and_more_is_in_flight() -> None:
    of = lane(connections=2)
    of.connections, of.in_flight = 2, 3
    assert (of.ceiling(0.0).kind, of.ceiling(0.0).count) == (_K.CONNECTIONS, 2)
    of.in_flight = 2
    assert of.ceiling(0.0).kind is _K.NOTHING
    of.connections, of.in_flight = 0, of.cap
    assert of.ceiling(0.0).kind is _K.IN_FLIGHT


def test_the_rate_of_connects_limits_only_who_wants_one() -> None:
    of = lane(connects=1)
    of.connects.record(0.0)
    of.in_flight = 1
    assert of.ceiling(1.0).kind is _K.NOTHING
    of.heard(LaneNews(KEY, (), 0, wants_connect=True))
    assert of.ceiling(1.0).kind is _K.CONNECTION_RATE


def test_what_stops_a_lane_comes_before_what_slows_it() -> None:
    of = lane(mails=1)
    of.mails.record(0.0)
    stop = Suspension(1, SuspensionScope.PROVIDER, "provider", rule="[rule.busy]")
    assert of.ceiling(0.0, stop).suspension == stop
    of.is_moving = True
    assert of.ceiling(0.0).kind is _K.MOVING
    of.worker_died(0.0)
    assert of.ceiling(0.0).kind is _K.MESSAGE_RATE
    assert lane().ceiling(0.0).kind is _K.NOTHING


def test_a_lane_without_worker_says_so() -> None:
    of = lane()
    of.worker_died(0.0)
    assert of.ceiling(0.0).kind is _K.NO_WORKER


def test_a_site_at_its_own_limit_is_named_with_it_and_no_other_site() -> None:
    own = SiteLimits(Limit(1, "site of test"), (RateLimit(1, 60.0, "site of test"),))
    of = lane()
    of.apply(InForce(replace(of.limits, site=own)), 0.0)
    of.in_flight_at["mx.full"] = 8
    found = of.ceiling(0.0, site="mx.full")
    assert (found.kind, found.count, found.because, found.site) == (_K.CONNECTIONS, 1, "site of test", "mx.full")
    of.sites.start("mx.sent", 0.0)
    of.sites.end("mx.sent", (0.0,))
    found = of.ceiling(1.0, site="mx.sent")
    assert (found.kind, found.count, found.site) == (_K.MESSAGE_RATE, 1, "mx.sent")
    assert of.ceiling(1.0, site="mx.idle").kind is _K.NOTHING


async def test_a_slowed_sender_is_named_while_its_mail_is_what_waits(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    await room.load()
    (of,) = room.leasing.lanes.values()
    slow = SiteLimits(message_rates=(RateLimit(1, 600.0, "a reply"),))
    of.apply(InForce(of.limits, senders={"example.org": slow}), room.clock.monotonic())
    of.senders.start("example.org", room.clock.monotonic())
    assert of.ceiling(room.clock.monotonic()).kind is _K.NOTHING
    await room.accept("c@example.com")
    await room.load()
    found = of.ceiling(room.clock.monotonic())
    assert (found.kind, found.because, found.sender) == (_K.MESSAGE_RATE, "a reply", "example.org")
