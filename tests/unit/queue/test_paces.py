"""Smaller limits of single sites, and of senders that are slowed, inside a lane."""

from fakes.queue_ports import limits
from msgspec.structs import replace
from youtong.queue.lanes.lanes import Lane
from youtong.queue.limits import EgressLimits, Limit, RateLimit, SiteLimits
from youtong.queue.pace.in_force import InForce
from youtong.queue.pace.paces import Paces
from youtong.queue.pace.past import Past, PastMail, PastMinute
from youtong.queue.protocol import LaneKey
from youtong.queue.routing import Source

TWO = SiteLimits(message_rates=(RateLimit(2, 60.0, "test"),))


def with_site(site: SiteLimits, **given: int) -> EgressLimits:
    return replace(limits(**given), site=site)


def lane(of: EgressLimits) -> Lane:
    return Lane(LaneKey("provider", "default"), Source("default", "", "mail.example.org"), of)


def test_each_site_has_windows_of_its_own() -> None:
    paces = Paces(TWO)
    for _ in range(2):
        assert paces.may_start("a", 0, 10.0)
        paces.start("a", 10.0)
    assert not paces.may_start("a", 2, 10.0)
    assert paces.may_start("b", 0, 10.0)
    paces.end("a", ())
    assert paces.may_start("a", 1, 10.0)
    paces.end("a", (10.0,))
    assert paces.next_free_seconds("a", 10.0) == 0.0


def test_a_site_with_few_connections_takes_few_transactions_at_a_time() -> None:
    paces = Paces(SiteLimits(connections=Limit(1, "test")))
    assert paces.may_start("a", 7, 0.0)
    assert not paces.may_start("a", 8, 0.0)


def test_transactions_in_flight_are_permits_that_are_out_when_limits_come() -> None:
    paces = Paces(SiteLimits())
    paces.start("a", 0.0)
    paces.apply(TWO, {}, 0.0, {"a": 1})
    paces.start("a", 0.0)
    assert not paces.may_start("a", 2, 0.0)
    paces.end("a", (0.0,))
    paces.end("a", (1.0,))
    assert not paces.may_start("a", 0, 60.0)
    assert paces.may_start("a", 0, 61.0)


def test_one_site_may_differ_from_the_others() -> None:
    paces = Paces(TWO)
    other = SiteLimits(Limit(3, "slow"), (RateLimit(1, 60.0, "slow"),))
    paces.apply(TWO, {"a": other}, 0.0, {})
    paces.start("a", 0.0)
    paces.start("b", 0.0)
    assert not paces.may_start("a", 1, 0.0)
    assert paces.may_start("b", 1, 0.0)
    assert paces.own_connections() == {"a": 3}


def test_limits_that_go_away_leave_nothing_behind() -> None:
    paces = Paces(TWO)
    paces.start("a", 0.0)
    paces.apply(SiteLimits(), {}, 0.0, {"a": 1})
    assert paces._windows == {}
    paces.end("a", (0.0,))
    assert paces.may_start("a", 99, 0.0)


def test_sites_whose_windows_are_empty_are_forgotten() -> None:
    paces = Paces(TWO)
    for number in range(2000):
        now = number * 61.0
        paces.start(f"site{number}", now)
        paces.end(f"site{number}", (now,))
    assert len(paces._windows) < 700


def test_a_lane_counts_a_mail_at_its_site_too() -> None:
    of = lane(with_site(TWO, mails=100))
    of.remember(Past([PastMail(10.0, "a"), PastMail(11.0, "a"), PastMail(11.0, "b")]))
    assert not of.may_start("a", 12.0, probed=False)
    assert of.may_start("b", 12.0, probed=False)
    assert of.mails.free(12.0) == 97


def test_a_site_with_an_hourly_limit_counts_its_minutes_and_those_of_all_sites() -> None:
    hourly = SiteLimits(message_rates=(RateLimit(10, 3600.0, "test"),))
    of = lane(with_site(hourly))
    of.remember(Past(minutes=[PastMinute(10.0, "a", 6), PastMinute(20.0, "b", 9), PastMinute(30.0, "", 3)]))
    assert of.sites.may_start("a", 0, 40.0)
    of.sites.start("a", 40.0)
    assert not of.may_start("a", 40.0, probed=False)
    assert not of.may_start("b", 40.0, probed=False)
    assert of.may_start("c", 40.0, probed=False)
    assert of.counts_minutes
    assert of.counts_sites


def test_a_recovered_mail_counts_at_every_site() -> None:
    of = lane(with_site(TWO))
    of.remember(Past(recovered=[5.0, 5.0]))
    assert not of.may_start("a", 6.0, probed=False)
    assert not of.may_start("b", 6.0, probed=False)


def test_a_sender_that_is_slowed_waits_and_others_do_not() -> None:
    of = lane(limits())
    slow = InForce(limits(), senders={"example.org": SiteLimits(message_rates=(RateLimit(1, 60.0, "slow"),))})
    assert not of.apply(slow, 0.0)
    of.senders.start("example.org", 0.0)
    assert not of.may_start("a", 0.0, probed=False, sender="example.org")
    assert of.may_start("a", 0.0, probed=False, sender="example.net")
    of.apply(InForce(limits()), 0.0)
    assert of.may_start("a", 0.0, probed=False, sender="example.org")
