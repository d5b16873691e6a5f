"""Sites: one look-up however many ask, rests that grow, and faults that stay with their domain."""

import asyncio

import pytest
from fakes.clock import FakeClock
from fakes.queue_ports import FakeRoutes, FixedSchedule, routed
from youtong.mta.dns.route import Unroutable, UnroutableKind
from youtong.queue import sites
from youtong.queue.sites import KnownRoute, Sites


class Place:
    def __init__(self) -> None:
        self.clock, self.routes = FakeClock(), FakeRoutes()
        self.sites = Sites(self.routes.find, self.routes, FixedSchedule(), self.clock)
        self.answered: list[str] = []

    async def look_up(self, domain: str) -> None:
        self.sites.look_up(domain, lambda: self.answered.append(domain))
        await asyncio.gather(*self.sites._looking.values(), return_exceptions=True)
        await asyncio.sleep(0)


async def test_many_questions_are_one_look_up_and_whoever_asked_is_told() -> None:
    place = Place()
    for _ in range(5):
        place.sites.look_up("example.com", lambda: place.answered.append("then"))
    await place.look_up("example.com")
    assert place.routes.asked == ["example.com"]
    assert place.answered == ["then"] * 5 + ["example.com"]


async def test_a_route_is_known_for_its_time_within_bounds() -> None:
    place = Place()
    for ttl, lived in ((0, 5), (300, 300), (86_400, 3600)):
        place.routes.answers["example.com"] = routed("mx.example.com", ttl)
        await place.look_up("example.com")
        place.clock.advance(lived - 0.5)
        assert place.sites.route("example.com") == KnownRoute(routed("mx.example.com", ttl), "mx.example.com")
        place.clock.advance(1)
        assert place.sites.route("example.com") is None


async def test_a_domain_that_takes_no_mail_is_known_for_a_minute() -> None:
    place = Place()
    answer = Unroutable("5.1.2", UnroutableKind.NO_SUCH_DOMAIN, "no such domain")
    place.routes.answers["example.com"] = answer
    await place.look_up("example.com")
    assert place.sites.route("example.com") is answer
    place.clock.advance(61)
    assert place.sites.route("example.com") is None


async def test_what_takes_no_mail_can_be_forgotten_and_routes_stay_known() -> None:
    place = Place()
    place.routes.answers["none.example"] = Unroutable("5.1.2", UnroutableKind.NO_SUCH_DOMAIN, "no such domain")
    for domain in ("none.example", "example.com"):
        await place.look_up(domain)
    assert place.sites.forget_unroutable() == 1
    assert place.sites.route("none.example") is None
    assert place.sites.route("example.com") is not None


async def test_a_domain_nobody_can_tell_about_rests_longer_each_time_until_somebody_can() -> None:
    place = Place()
    place.routes.fails("example.com")
    for failures in (1, 2, 3):
        await place.look_up("example.com")
        rest = place.sites.domain_rest("example.com")
        assert rest is not None
        assert (rest.failures, rest.until - place.clock.monotonic()) == (failures, 60.0 * failures)
        place.clock.advance(60.0 * failures)
        assert place.sites.domain_rest("example.com") is None
    place.routes.answers.clear()
    await place.look_up("example.com")
    place.routes.fails("example.com")
    place.clock.advance(3601)
    await place.look_up("example.com")
    rest = place.sites.domain_rest("example.com")
    assert rest is not None
    assert rest.failures == 1


async def test_a_fault_in_a_look_up_rests_its_domain_and_does_not_spin() -> None:
    place = Place()
    place.routes.answers["example.com"] = ValueError("a bug")
    await place.look_up("example.com")
    assert place.answered == ["example.com"]
    assert place.sites.domain_rest("example.com") is not None
    await place.look_up("example.net")
    assert place.sites.route("example.net") is not None


def test_a_site_fails_once_a_round_and_is_probed_until_it_answers() -> None:
    place = Place()
    for _ in range(3):
        place.sites.site_failed("mx.example.com", "refused")
    rest = place.sites.site_rest("mx.example.com")
    assert rest is not None
    assert rest.failures == 1
    place.clock.advance(60)
    assert place.sites.site_rest("mx.example.com") is None
    assert place.sites.is_probed("mx.example.com")
    place.sites.site_failed("mx.example.com", "refused")
    rest = place.sites.site_rest("mx.example.com")
    assert rest is not None
    assert rest.failures == 2
    place.sites.site_answered("mx.example.com")
    assert place.sites.site_rest("mx.example.com") is None
    assert not place.sites.is_probed("mx.example.com")


async def test_an_operator_wakes_everything_and_failures_are_remembered() -> None:
    place = Place()
    place.routes.fails("example.com")
    await place.look_up("example.com")
    place.sites.site_failed("mx.example.net", "refused")
    place.sites.wake_all()
    assert place.sites.domain_rest("example.com") is None
    assert place.sites.site_rest("mx.example.net") is None
    assert place.sites.is_probed("mx.example.net")


async def test_after_a_flush_a_failing_site_rests_as_after_its_first_failure() -> None:
    place = Place()
    for _ in range(4):
        place.sites.site_failed("mx.example.net", "refused")
        place.clock.advance(600)
    began = place.clock.monotonic() - 2400
    place.sites.site_failed("mx.example.net", "refused")
    assert place.sites.wake_all() == 1
    place.clock.advance(1)
    place.sites.site_failed("mx.example.net", "refused")
    rest = place.sites.site_rest("mx.example.net")
    assert rest is not None
    assert (rest.until - place.clock.monotonic(), rest.rounds, rest.since) == (60.0, 6, began)


async def test_a_flush_of_one_domain_ends_no_rest_but_its_own_and_its_sites() -> None:
    place = Place()
    for domain in ("example.com", "example.net"):
        await place.look_up(domain)
        place.sites.site_failed(f"mx.{domain}", "refused")
    place.routes.fails("lost.example")
    await place.look_up("lost.example")
    assert place.sites.wake({"nowhere.example"}) == 0
    assert place.sites.wake({"example.com"}) == 1
    assert place.sites.site_rest("mx.example.com") is None
    assert place.sites.site_rest("mx.example.net") is not None
    assert place.sites.failing({"lost.example", "example.com"}) == 1
    assert place.sites.wake({"lost.example"}) == 1
    assert place.sites.domain_rest("lost.example") is None


async def test_a_flush_finds_the_site_of_a_domain_whose_route_is_too_old_for_a_letter() -> None:
    place = Place()
    place.routes.answers["example.com"] = routed("mx.example.com", 5)
    await place.look_up("example.com")
    place.clock.advance(6)
    place.sites.site_failed("mx.example.com", "refused")
    assert place.sites.wake({"example.com"}) == 1


async def test_dead_sites_are_remembered_within_a_bound_and_the_longest_rests_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sites, "_MAX_RESTS", 20)
    place = Place()
    for number in range(100):
        place.sites.site_failed(f"mx{number}.example", "refused")
        place.clock.advance(1)
        assert len(place.sites._resting_sites) <= 20
    assert place.sites.site_rest("mx99.example") is not None
    assert not place.sites.is_probed("mx0.example")
