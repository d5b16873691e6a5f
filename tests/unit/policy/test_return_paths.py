"""Whose bounces come to us: the rule, and what is remembered of each domain."""

import asyncio
from collections.abc import Awaitable

import pytest
from fakes.clock import FakeClock
from fakes.queue_ports import routed
from youtong.mta.dns.route import RouteAnswer, RouteUnavailable, Unroutable, UnroutableKind
from youtong.mta.envelope import Domain
from youtong.policy import return_paths
from youtong.policy.return_paths import OurReturnPaths, author_domain
from youtong.queue.return_paths import ReturnPath, WhyKept

HOST, OURS, OFF = "mx.house.example", "customer.example", 9
TO_US = Unroutable("5.4.6", UnroutableKind.LOOPS_TO_US, "the best MX host is this system")
NO_DOMAIN = Unroutable("5.1.2", UnroutableKind.NO_SUCH_DOMAIN, "no such domain")
ELSEWHERE = routed("mx.elsewhere.example")
SILENT = RouteUnavailable("nobody answered")


class House:
    def __init__(self, answer: RouteAnswer = TO_US) -> None:
        self.answer, self.clock = answer, FakeClock()
        self.asked: list[str] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def find(self, domain: str) -> RouteAnswer:
        self.asked.append(domain)
        await self.may_answer.wait()
        return self.answer

    def paths(self, *, listens: bool = True) -> OurReturnPaths:
        owner_of = {Domain(OURS): 7}.get
        return OurReturnPaths(self.find, HOST, owner_of, lambda account: account != OFF, self.clock, listens=listens)


async def answer(path: ReturnPath | Awaitable[ReturnPath]) -> ReturnPath:
    return path if isinstance(path, ReturnPath) else await path


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (TO_US, ReturnPath(OURS)),
        (ELSEWHERE, ReturnPath(kept=WhyKept.ELSEWHERE)),
        (NO_DOMAIN, ReturnPath(kept=WhyKept.ELSEWHERE)),
        (SILENT, ReturnPath(kept=WhyKept.UNKNOWN)),
    ],
)
async def test_a_domain_whose_best_mx_is_ours_has_verp(found: RouteAnswer, expected: ReturnPath) -> None:
    assert await answer(House(found).paths().choose(1, OURS)) == expected


async def test_no_look_up_is_made_for_whom_the_answer_is_known() -> None:
    house = House()
    paths = house.paths()
    assert paths.choose(OFF, OURS) == ReturnPath(kept=WhyKept.SWITCHED_OFF)
    assert paths.choose(1, "stranger.example") == ReturnPath(kept=WhyKept.NOBODYS)
    assert paths.choose(1, "") == ReturnPath(kept=WhyKept.NOBODYS)
    assert house.paths(listens=False).choose(1, OURS) == ReturnPath(kept=WhyKept.NOT_LISTENING)
    assert house.asked == []


async def test_the_domain_of_our_own_name_belongs_to_nobody_and_is_taken_all_the_same() -> None:
    assert await answer(House().paths().choose(1, HOST)) == ReturnPath(HOST)


async def test_a_stream_asks_for_its_domain_whoever_switched_verp_off_since() -> None:
    assert await answer(House().paths().leading(OURS)) == ReturnPath(OURS)


async def test_one_look_up_serves_all_letters_until_its_time_is_over_and_none_waits_for_the_next() -> None:
    house = House()
    paths = house.paths()
    house.may_answer.clear()
    waiting = [asyncio.ensure_future(answer(paths.choose(1, OURS))) for _ in range(3)]
    await asyncio.sleep(0)
    house.may_answer.set()
    assert await asyncio.gather(*waiting) == [ReturnPath(OURS)] * 3
    assert paths.choose(1, OURS) == ReturnPath(OURS)
    assert house.asked == [OURS]
    house.clock.advance(301)
    house.answer = ELSEWHERE
    assert paths.choose(1, OURS) == ReturnPath(OURS), "what was known is used meanwhile"
    await _look_ups_end(paths)
    assert paths.choose(1, OURS) == ReturnPath(kept=WhyKept.ELSEWHERE)
    assert house.asked == [OURS, OURS]


async def test_silent_name_servers_change_nothing_that_was_known() -> None:
    house = House()
    paths = house.paths()
    await answer(paths.choose(1, OURS))
    house.clock.advance(301)
    house.answer = SILENT
    paths.choose(1, OURS)
    await _look_ups_end(paths)
    assert paths.choose(1, OURS) == ReturnPath(OURS)


async def test_a_letter_does_not_wait_for_a_look_up_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    house.may_answer.clear()
    monkeypatch.setattr(return_paths, "LOOK_SECONDS", 0.0)
    paths = house.paths()
    assert await answer(paths.choose(1, OURS)) == ReturnPath(kept=WhyKept.UNKNOWN)
    house.may_answer.set()
    await _look_ups_end(paths)
    assert paths.choose(1, OURS) == ReturnPath(OURS), "the next letter has its answer"


async def test_a_fault_while_looking_up_is_as_if_nobody_had_answered(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    house.answer = None  # type: ignore[assignment] - what a broken look-up gives
    assert await answer(house.paths().choose(1, OURS)) == ReturnPath(kept=WhyKept.UNKNOWN)
    assert "internal fault" in caplog.text


async def test_in_a_rehearsal_every_domain_leads_to_us() -> None:
    paths = OurReturnPaths(None, HOST, lambda _: None, lambda account: account != OFF, FakeClock(), listens=False)
    assert paths.choose(1, "anything.example") == ReturnPath("anything.example")
    assert paths.choose(OFF, "anything.example") == ReturnPath(kept=WhyKept.SWITCHED_OFF)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"From: Shop <shop@Customer.EXAMPLE>", "customer.example"),
        ("From: <shop@bücher.example>".encode(), "xn--bcher-kva.example"),
        (b"From: <a@one.example>, <b@two.example>", "one.example"),
        (b"From: nobody", ""),
        (b"Subject: no author", ""),
    ],
)
def test_the_authors_domain_is_that_of_the_first_address_in_from(field: bytes, expected: str) -> None:
    assert author_domain(field + b"\r\n\r\n") == expected


async def _look_ups_end(paths: OurReturnPaths) -> None:
    await asyncio.gather(*paths._looking.values())
    await asyncio.sleep(0)
