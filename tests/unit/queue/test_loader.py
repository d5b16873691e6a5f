"""The loader: no domain with due recipients is forgotten, and every waiting state ages."""

import asyncio

import pytest
from fakes.queue_ports import LIFETIME_MS, routed
from fakes.queue_room import QueueRoom
from youtong.mta.dns.route import RouteAnswer, Unroutable, UnroutableKind
from youtong.mta.outcome import Deferred, Delivered, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue import expiry as expiry_module
from youtong.queue.flows import Flow
from youtong.queue.lanes import agenda as agenda_module, loader as loader_module, ready as ready_module
from youtong.queue.operators.operations import Selection, flush, operate
from youtong.queue.pace.suspensions import Suspension, Suspensions, SuspensionScope
from youtong.queue.states import RecipientState

_S = RecipientState
AGE_SECONDS = LIFETIME_MS / 1000
DELIVERED = Delivered(reply(250, "2.0.0", "ok"))
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later"))
NOBODY = Unroutable("5.1.2", UnroutableKind.NO_SUCH_DOMAIN, "no such domain")


def forget_all(room: QueueRoom) -> None:
    """As a new owner starts: only the rows know."""
    room.loader.active.clear()
    room.loader.start_over()
    room.store.forget()


def domains_in_agenda(room: QueueRoom) -> set[str]:
    return {active.name for active in room.loader.active.values()}


async def test_a_domain_is_looked_up_once_and_its_recipients_leave_together(room: QueueRoom) -> None:
    await room.accept("b@example.com", "c@example.com", "d@example.net")
    handed = await room.load()
    assert sorted([each.address for each in leased.ready.recipients] for leased in handed) == [
        ["b@example.com", "c@example.com"],
        ["d@example.net"],
    ]
    assert sorted(room.routes.asked) == ["example.com", "example.net"]
    assert set(room.states().values()) == {_S.LEASED}


@pytest.mark.parametrize("page", [2, 3, 7, 1000])
async def test_domains_due_at_one_moment_are_all_read_whatever_the_page(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(agenda_module, "_PAGE", page)
    await room.accept(*[f"b@d{number}.example" for number in range(10)])
    forget_all(room)
    await room.loader._read_agenda()
    assert len(domains_in_agenda(room)) == 10


async def test_a_flush_of_many_domains_makes_each_of_them_due(room: QueueRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agenda_module, "_PAGE", 3)
    await room.accept(*[f"b@d{number}.example" for number in range(10)])
    for leased in await room.load():
        await room.finish(leased, LATER)
    assert await room.load() == []
    room.clock.advance(10)
    await room.commits.submit(lambda _: flush(room.store, Selection(), "operator", room.clock.now_ms()))
    room.loader.start_over()
    assert len(await room.load()) == 10


async def test_a_deferred_recipient_comes_when_it_is_due_and_not_before(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.finish(leased, LATER)
    await room.load()
    assert domains_in_agenda(room) == set()
    room.clock.advance(299)
    assert await room.load() == []
    room.clock.advance(2)
    assert len(await room.load()) == 1


async def test_a_due_time_set_while_its_domain_leaves_is_seen(room: QueueRoom) -> None:
    await room.accept("b@example.com", "c@other.example")
    for leased in await room.load():
        room.clock.advance(1)
        await room.finish(leased, LATER)
        await room.round()
    room.clock.advance(301)
    assert len(await room.load()) == 2


@pytest.mark.parametrize("jump", [-7200, -1, 7200])
async def test_a_clock_that_is_set_forgets_nobody(room: QueueRoom, jump: float) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.load()
    room.clock.jump(jump)
    await room.finish(leased, LATER)
    await room.accept("c@example.com")
    assert [each.ready.recipients[0].address for each in await room.load()] == ["c@example.com"]
    room.clock.advance(301)
    assert [each.ready.recipients[0].address for each in await room.load()] == ["b@example.com"]


async def test_rows_that_become_due_are_read_while_others_of_the_site_wait(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.finish(leased, LATER)
    lane = room.leasing.lanes[leased.lane]
    while lane.mails.take(room.clock.monotonic()):
        pass
    await room.accept("c@example.com")
    await room.load()
    assert lane.ready.recipients == 1
    room.clock.advance(301)
    while lane.mails.take(room.clock.monotonic()):
        pass
    await room.load()
    assert lane.ready.recipients == 2


async def test_a_large_domain_is_read_in_pages_and_none_is_left(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready_module, "READY_PER_FLOW", 7)
    await room.accept(*[f"b{number}@example.com" for number in range(60)])
    done = 0
    for _ in range(30):
        for leased in await room.round():
            done += len(leased.ready.recipients)
            assert room.leasing.lanes[leased.lane].ready.recipients <= 7
            await room.finish(leased, *[DELIVERED] * len(leased.ready.recipients))
        room.clock.advance(1)
    assert done == 60
    assert set(room.states().values()) == {_S.DELIVERED}


async def test_a_domain_of_which_more_is_due_is_read_on_as_soon_as_half_of_what_was_ready_has_left(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready_module, "READY_PER_FLOW", 6)
    monkeypatch.setattr(loader_module, "_POLL_SECONDS", 3600)
    await room.accept(*[f"b{number}@example.com" for number in range(60)])
    running = asyncio.create_task(room.loader.run())
    async with asyncio.timeout(10):
        while set(room.states().values()) != {_S.DELIVERED}:
            await asyncio.sleep(0)
            await room.idle()
            for leased in room.fleet.take():
                await room.finish(leased, *[DELIVERED] * len(leased.ready.recipients))
            room.clock.advance(1)
    running.cancel()
    await asyncio.wait([running])


async def test_recipients_in_one_domain_share_transactions_up_to_the_limit(room: QueueRoom) -> None:
    room.limits.limits = type(room.limits)(recipients=3).limits
    await room.accept(*[f"b{number}@example.com" for number in range(8)])
    assert [len(leased.ready.recipients) for leased in await room.load()] == [3, 3, 2]


async def test_two_messages_to_one_domain_are_two_transactions(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    await room.accept("b@example.com")
    assert len(await room.load()) == 2


async def test_a_domain_that_does_not_exist_bounces_at_once_and_owes_a_notice(room: QueueRoom) -> None:
    room.routes.answers["typo.example"] = NOBODY
    await room.accept("b@typo.example", "c@example.com")
    await room.load()
    assert room.states()["b@typo.example"] is _S.BOUNCED
    assert room.column("notice", "b@typo.example") == 1
    (row,) = room.journal("b@typo.example")
    assert (row.facts.text, row.facts.category) == ("5.1.2 no such domain", "no-such-domain")
    assert not row.facts.mailed


async def test_domains_whose_turn_to_be_looked_up_has_not_come_cost_nothing_and_are_not_forgotten(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader_module, "MAX_LOOK_UPS", 2)
    answers, find, under_way = asyncio.Event(), room.routes.find, 0

    async def slowly(domain: str) -> RouteAnswer:
        nonlocal under_way
        under_way += 1
        assert under_way <= 2
        await answers.wait()
        under_way -= 1
        return await find(domain)

    room.sites._find_route = slowly
    await room.accept(*[f"b@d{number}.example" for number in range(9)])
    await room.loader._round()
    room.loader._woken.clear()
    await room.loader._round()
    assert room.loader._todo == {}
    assert not room.loader._woken.is_set()
    answers.set()
    assert len(await room.load()) + len(await room.load()) == 9


async def test_a_domain_that_nobody_can_tell_about_waits_uncounted(room: QueueRoom) -> None:
    room.routes.fails("example.com")
    await room.accept("b@example.com")
    await room.load()
    assert room.states() == {"b@example.com": _S.SCHEDULED}
    assert room.column("attempts", "b@example.com") == 0
    assert room.routes.asked == ["example.com"]
    room.routes.answers.clear()
    room.clock.advance(61)
    assert len(await room.load()) == 1


async def rest_of_domain(room: QueueRoom) -> None:
    room.routes.fails("example.com")
    await room.accept("b@example.com")
    await room.load()


async def rest_of_site(room: QueueRoom) -> None:
    await room.accept("a@example.com")
    (leased,) = await room.load()
    await room.finish(leased, DELIVERED)
    room.sites.site_failed("mx.example.com", "refused")
    room.sites._resting_sites["mx.example.com"].until += 2 * AGE_SECONDS
    await room.accept("b@example.com")
    await room.load()


async def wait_for_retry(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.finish(leased, LATER)


async def held_by_hook(room: QueueRoom) -> None:
    await room.accept("b@example.com", hold="looks odd")


async def held_for_hostname(room: QueueRoom) -> None:
    room.hold_because = "no public name"
    await room.accept("b@example.com")
    await room.load()


async def held_by_operator(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    now_ms = room.clock.now_ms()
    await room.commits.submit(lambda _: operate(room.store, "hold", Selection(), "wait", "operator", now_ms))


async def no_worker(room: QueueRoom) -> None:
    room.fleet.living.clear()
    await room.accept("b@example.com")


@pytest.mark.parametrize(
    "wait",
    [rest_of_domain, rest_of_site, wait_for_retry, held_by_hook, held_for_hostname, held_by_operator, no_worker],
)
async def test_expiry_is_checked_in_every_waiting_state(room: QueueRoom, wait: object) -> None:
    await wait(room)  # type: ignore[operator]
    room.clock.advance(AGE_SECONDS - 10)
    await room.load()
    assert room.states()["b@example.com"] in (_S.SCHEDULED, _S.HELD, _S.LEASED)
    for leased in list(room.leasing.in_flight.values()):
        await room.finish(leased, LATER)
    room.clock.advance(11 + 61)
    await room.load()
    assert room.states()["b@example.com"] is _S.EXPIRED
    assert room.column("notice", "b@example.com") == 1
    assert room.kinds("b@example.com")[-1] == "expired"


async def test_expiry_beyond_a_page_does_not_wait_a_minute_for_each(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry_module, "_ROWS", 2)
    await room.accept(*[f"b{number}@example.com" for number in range(5)], hold="why")
    room.clock.advance(AGE_SECONDS + 1)
    await room.round(4)
    assert set(room.states().values()) == {_S.EXPIRED}


async def test_mail_for_a_route_that_must_be_held_is_held_with_the_reason_until_released(room: QueueRoom) -> None:
    room.hold_because = "no public name"
    await room.accept("b@example.com")
    assert await room.load() == []
    assert room.states() == {"b@example.com": _S.HELD}
    assert room.journal("b@example.com")[0].facts.reason == "no public name"
    room.hold_because = ""
    now_ms = room.clock.now_ms()
    await room.commits.submit(lambda _: operate(room.store, "release", Selection(), "", "operator", now_ms))
    room.loader.start_over()
    assert len(await room.load()) == 1


async def test_a_fault_with_one_domain_stops_no_other(room: QueueRoom, caplog: pytest.LogCaptureFixture) -> None:
    await room.accept("b@bad.example", "c@example.com")
    must_hold = room.loader._hold_reason

    def broken(route: object) -> str:
        if "bad" in repr(route):
            raise ValueError("a bad rule")
        return must_hold(route)  # type: ignore[arg-type]

    room.loader._hold_reason = broken
    (leased,) = await room.load()
    assert leased.ready.domain == "example.com"
    assert "bad.example" in caplog.text
    room.loader._hold_reason = must_hold
    (leased,) = await room.load()
    assert leased.ready.domain == "bad.example"


async def test_many_domains_of_one_site_share_its_ready_queue(room: QueueRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready_module, "READY_PER_FLOW", 10)
    room.fleet.living.clear()
    for domain in range(20):
        room.routes.answers[f"d{domain}.example"] = routed("mx.shared.example")
        await room.accept(*[f"b{number}@d{domain}.example" for number in range(5)])
    await room.load()
    (lane,) = room.leasing.lanes.values()
    assert lane.ready.recipients <= 10
    room.fleet.living[0] = 2
    done = 0
    for _ in range(40):
        for leased in await room.round():
            done += len(leased.ready.recipients)
            await room.finish(leased, *[DELIVERED] * len(leased.ready.recipients))
        room.clock.advance(1)
    assert done == 100


async def test_a_changed_route_sends_waiting_mail_the_new_way(room: QueueRoom) -> None:
    room.fleet.living.clear()
    await room.accept("b@example.com")
    await room.load()
    room.routes.answers["example.com"] = NOBODY
    room.clock.advance(3601)
    await room.load()
    assert room.states() == {"b@example.com": _S.BOUNCED}
    room.fleet.living[0] = 2
    assert await room.load() == []
    lane = next(iter(room.leasing.lanes.values()))
    assert (lane.in_flight, lane.mails.out) == (0, 0)


@pytest.mark.parametrize("ticks", range(6))
async def test_a_stop_that_comes_just_as_the_loader_is_woken_ends_it(room: QueueRoom, ticks: int) -> None:
    running = asyncio.create_task(room.loader.run())
    while not room.loader._woken._waiters:  # noqa: ASYNC110 - it has done a round, and waits
        await asyncio.sleep(0)
    room.loader.wake()
    for _ in range(ticks):
        await asyncio.sleep(0)
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=5)
    assert running in done


class Stopped(Suspensions):
    """A book with one word in it."""

    def __init__(self) -> None:
        super().__init__()
        self.stop: Suspension | None = None
        self.asked = 0

    def __bool__(self) -> bool:
        return self.stop is not None

    def of_lane(self, provider: str, source: str) -> Suspension | None:
        return self._if(SuspensionScope.PROVIDER, provider)

    def of_place(self, site: str, domain: str) -> Suspension | None:
        self.asked += 1
        return self._if(SuspensionScope.SITE, site) or self._if(SuspensionScope.DOMAIN, domain)

    def of_flow(self, flow: Flow, provider: str) -> Suspension | None:
        return self._if(SuspensionScope.ACCOUNT, str(flow.key.account_id))

    def _if(self, scope: SuspensionScope, subject: str) -> Suspension | None:
        return self.stop if self.stop is not None and (self.stop.scope, self.stop.subject) == (scope, subject) else None


def stop(room: QueueRoom, scope: SuspensionScope, subject: str, until_ms: int | None = None) -> Stopped:
    book = Stopped()
    book.stop = Suspension(1, scope, subject, until_ms=until_ms)
    room.leasing.book = book
    stops_changed(room)
    return book


def stops_changed(room: QueueRoom) -> None:
    room.loader.stops_changed(room.leasing.drop_stopped())


STOPS = [
    (SuspensionScope.PROVIDER, "mx.example.com"),
    (SuspensionScope.SITE, "mx.example.com"),
    (SuspensionScope.DOMAIN, "example.com"),
    (SuspensionScope.ACCOUNT, "7"),
]


@pytest.mark.parametrize(("scope", "subject"), STOPS)
async def test_what_is_stopped_is_not_leased_and_goes_on_when_somebody_resumes(
    room: QueueRoom, scope: SuspensionScope, subject: str
) -> None:
    book = stop(room, scope, subject)
    await room.accept("b@example.com")
    assert await room.load() == []
    assert room.loader.active == {}, "put off, not kept"
    book.stop = None
    stops_changed(room)
    assert len(await room.load()) == 1


@pytest.mark.parametrize(("scope", "subject"), STOPS)
async def test_what_is_ready_when_it_is_stopped_is_ready_no_more(
    room: QueueRoom, scope: SuspensionScope, subject: str
) -> None:
    room.fleet.living.clear()
    await room.accept("b@example.com", "c@example.com")
    await room.load()
    assert room.leasing.ready.recipients == 2
    book = stop(room, scope, subject)
    assert (room.leasing.ready.recipients, room.leasing.ready.ids) == (0, set())
    room.fleet.living[0] = 2
    assert await room.load() == []
    book.stop = None
    stops_changed(room)
    assert [len(leased.ready.recipients) for leased in await room.load()] == [2]


async def test_what_a_reply_stopped_goes_on_by_itself_when_the_time_is_over(room: QueueRoom) -> None:
    book = stop(room, SuspensionScope.SITE, "mx.example.com", room.clock.now_ms() + 60_000)
    await room.accept("b@example.com")
    await room.load()
    room.clock.advance(59)
    assert await room.load() == []
    room.clock.advance(2)
    book.stop = None
    assert len(await room.load()) == 1


async def test_many_domains_of_a_stopped_provider_are_in_nobodys_way_and_not_read_in_a_loop(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader_module, "MAX_ACTIVE", 300)
    names = [f"d{number}.example" for number in range(2000)]
    for name in names:
        room.routes.answers[name] = routed("mx.stopped.example")
    for first in range(0, len(names), 100):
        await room.accept(*[f"b@{name}" for name in names[first : first + 100]])
    forget_all(room)
    room.loader.active.clear()
    room.loader._todo.clear()
    await room.accept("b@other.example")
    book = stop(room, SuspensionScope.SITE, "mx.stopped.example")
    leased = [each for _ in range(60) for each in await room.round()]
    assert [each.ready.domain for each in leased] == ["other.example"]
    assert len(room.loader.active) <= 300
    before = book.asked
    await room.round(20)
    assert book.asked - before <= 20, "what is stopped is asked about again and again"
    book.stop = None
    stops_changed(room)
    handed = 0
    for _ in range(300):
        for each in await room.round():
            handed += 1
            await room.finish(each, DELIVERED)
        room.clock.advance(5)
        if handed == len(names):
            break
    assert handed == len(names)


async def test_a_flow_with_many_domains_leaves_room_for_those_of_others(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One narrow provider with more due domains than the loader may look at; another one is not held up."""
    monkeypatch.setattr(loader_module, "MAX_ACTIVE", 250)
    monkeypatch.setattr(loader_module, "MAX_STARVED", 20)
    monkeypatch.setattr(ready_module, "READY_PER_FLOW", 10)
    room.limits.limits = type(room.limits)(mails=1).limits
    names = [f"d{number}.example" for number in range(600)]
    for name in names:
        room.routes.answers[name] = routed("mx.narrow.example")
    await room.accept(*[f"b@{name}" for name in names])
    await room.load()
    await room.accept("b@other.example")
    leased = [each for _ in range(30) for each in await room.round()]
    assert [each.ready.domain for each in leased if each.ready.domain == "other.example"] == ["other.example"]
    assert room.leasing.ready.recipients <= 11
    waiting = room.db.execute("SELECT sum(waiting) FROM backlog").fetchone()[0]
    assert waiting == 599, "one of them left while others were loaded"
