"""Lanes on real loopback sockets, against peers that do what the test says; under both event loops (conftest)."""

import asyncio
from contextlib import asynccontextmanager

from fakes.lane_events import FakeJob, FakeLaneEvents
from fakes.scripted_peer import EHLO, ScriptedPeer, Visit, friendly
from youtong.mta.clock import SystemClock
from youtong.mta.delivery.egress import EgressSource, LaneLimits
from youtong.mta.delivery.host import Host
from youtong.mta.delivery.host_memory import HostMemory
from youtong.mta.delivery.job import JobRecipient, RenderFault
from youtong.mta.delivery.lane import Lane
from youtong.mta.delivery.timeouts import Timeouts
from youtong.mta.outcome import Deferred, Delivered, Failed, Scope, Stage


@asynccontextmanager
async def lane_to(port, events, *, limits=None, timeouts=None, host_memory=None):
    lane = Lane(
        "lane",
        EgressSource("127.0.0.1", "us.example"),
        port=port,
        limits=limits or LaneLimits(),
        timeouts=timeouts or Timeouts(),
        clock=SystemClock(),
        host_memory=host_memory or HostMemory(SystemClock()),
        events=events,
    )
    try:
        yield lane
    finally:
        lane.abort()
        async with asyncio.timeout(10):
            await lane.wait_closed()
        assert lane.connections == 0
        assert events.log.count("connected") <= events.log.count("closed")


async def test_a_job_is_delivered_with_its_content_dot_stuffed():
    events = FakeLaneEvents()
    async with ScriptedPeer() as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(content=b"A: b\r\n\r\n.hidden\r\n"))
        await events.wait(1)
    (outcome,) = events.results[1]
    assert isinstance(outcome, Delivered)
    assert outcome.reply.text == "taken"
    assert outcome.peer.address == "127.0.0.1"
    assert events.mail_at[1] is not None
    assert peer.contents == [b"A: b\r\n\r\n..hidden\r\n.\r\n"]


async def test_many_jobs_of_a_site_share_one_connection_and_it_is_reused_when_idle():
    events = FakeLaneEvents()
    limits = LaneLimits(max_connections=1)
    async with ScriptedPeer() as peer, lane_to(peer.port, events, limits=limits) as lane:
        for token in range(50):
            lane.submit(FakeJob(token=token))
        await events.wait(50)
        lane.submit(FakeJob(token=50))
        await events.wait(51)
        assert peer.connections == 1
    assert all(isinstance(outcomes[0], Delivered) for outcomes in events.results.values())
    assert peer.mails == 51


async def test_limits_hold_by_the_peers_own_count():
    events = FakeLaneEvents()
    limits = LaneLimits(max_connections=3, messages_per_connection=4)
    async with ScriptedPeer() as peer, lane_to(peer.port, events, limits=limits) as lane:
        for token in range(120):
            lane.submit(FakeJob(token=token, site=f"site{token % 7}"))
        await events.wait(120)
    assert peer.most_open <= 3
    assert peer.connections >= 30
    assert peer.mails == 120
    assert all(isinstance(outcomes[0], Delivered) for outcomes in events.results.values())


async def test_an_idle_connection_is_left_with_quit():
    events = FakeLaneEvents()
    async with ScriptedPeer() as peer, lane_to(peer.port, events, limits=LaneLimits(idle_seconds=0.01)) as lane:
        lane.submit(FakeJob())
        await events.until(lambda: "closed" in events.log)
        assert lane.connections == 0
    assert peer.heard[-1] == "QUIT"


async def test_next_address_and_next_host_are_tried_when_one_refuses_to_connect():
    events = FakeLaneEvents()
    hosts = (Host("dead.example", ("127.0.0.9", "127.0.0.8")), Host("good.example", ("127.0.0.1",)))
    async with ScriptedPeer() as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(hosts=hosts))
        await events.wait(1)
    outcome = events.results[1][0]
    assert isinstance(outcome, Delivered)
    assert outcome.peer.host == "good.example"
    assert events.log.count("may connect") == 3


async def test_next_host_is_tried_after_a_greeting_of_554_or_421():
    async def unwilling(visit: Visit) -> None:
        await visit.say("554 not you\r\n" if visit.number == 1 else "421 busy\r\n")
        await visit.hear()

    events = FakeLaneEvents()
    async with (
        ScriptedPeer() as good,
        ScriptedPeer(unwilling, "127.0.0.2", good.port),
        lane_to(good.port, events) as lane,
    ):
        hosts = (Host("bad.example", ("127.0.0.2",)), Host("good.example", ("127.0.0.1",)))
        lane.submit(FakeJob(hosts=hosts))
        await events.wait(1)
    assert isinstance(events.results[1][0], Delivered)


async def test_when_no_host_answers_the_site_fails_and_all_its_jobs_are_deferred():
    events = FakeLaneEvents()
    async with ScriptedPeer() as peer:
        port = peer.port
    async with lane_to(port, events) as lane:
        for token in range(3):
            lane.submit(FakeJob(token=token))
        await events.wait(3)
    assert events.failed_sites == ["mx.example"]
    for token in range(3):
        (outcome,) = events.results[token]
        assert isinstance(outcome, Deferred)
        assert (outcome.stage, outcome.scope, outcome.ambiguous) == (Stage.CONNECT, Scope.SITE, False)
        assert "connection refused" in outcome.why


async def test_a_site_that_refuses_every_greeting_is_deferred_with_its_words():
    async def unwilling(visit: Visit) -> None:
        await visit.say("554 5.7.1 blocked\r\n")
        await visit.hear()

    events = FakeLaneEvents()
    async with ScriptedPeer(unwilling) as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob())
        await events.wait(1)
    (outcome,) = events.results[1]
    assert isinstance(outcome, Deferred)
    assert (outcome.stage, outcome.scope) == (Stage.GREETING, Scope.SITE)
    assert str(outcome.reply) == "554 5.7.1 blocked"


async def test_final_dot_timeout_is_deferred_and_marked_ambiguous():
    async def silent_at_dot(visit: Visit) -> None:
        await visit.greet()
        await visit.take_message(final="")
        await visit.hear()

    events = FakeLaneEvents()
    async with ScriptedPeer(silent_at_dot) as peer:
        async with lane_to(peer.port, events, timeouts=Timeouts(final_dot=0.02)) as lane:
            lane.submit(FakeJob())
            await events.wait(1)
    (outcome,) = events.results[1]
    assert isinstance(outcome, Deferred)
    assert (outcome.stage, outcome.ambiguous) == (Stage.FINAL_DOT, True)


async def test_silence_at_the_greeting_times_out():
    async def silent(visit: Visit) -> None:
        await visit.hear()

    events = FakeLaneEvents()
    async with ScriptedPeer(silent) as peer, lane_to(peer.port, events, timeouts=Timeouts(greeting=0.02)) as lane:
        lane.submit(FakeJob())
        await events.wait(1)
    (outcome,) = events.results[1]
    assert isinstance(outcome, Deferred)
    assert (outcome.stage, outcome.scope) == (Stage.GREETING, Scope.SITE)


async def test_421_in_midstream_defers_its_transaction_and_the_one_behind_goes_to_a_fresh_connection():
    async def once_421(visit: Visit) -> None:
        await visit.greet()
        await visit.take_message("421 4.3.2 going down\r\n" if visit.number == 1 else "250 ok\r\n")
        if visit.number > 1:
            while await visit.take_message():
                pass

    events = FakeLaneEvents()
    async with ScriptedPeer(once_421) as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(token=1))
        lane.submit(FakeJob(token=2))
        await events.wait(2)
    first, second = events.results[1][0], events.results[2][0]
    assert isinstance(first, Deferred)
    assert (first.stage, first.scope, first.ambiguous) == (Stage.FINAL_DOT, Scope.ROUTE, False)
    assert isinstance(second, Delivered)
    assert events.asked_mail == 3


async def test_a_reused_connection_that_died_before_mail_was_answered_is_retried_once_on_a_fresh_one():
    async def one_and_hang_up(visit: Visit) -> None:
        await visit.greet(EHLO.replace("250-PIPELINING\r\n", ""))
        await visit.take_message()
        await visit.hear()

    events = FakeLaneEvents()
    async with ScriptedPeer(one_and_hang_up) as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(token=1))
        lane.submit(FakeJob(token=2))
        await events.wait(2)
        assert peer.connections == 2
    assert isinstance(events.results[2][0], Delivered)


async def test_a_fresh_connection_that_dies_at_mail_defers():
    async def hang_up_at_mail(visit: Visit) -> None:
        await visit.greet(EHLO.replace("250-PIPELINING\r\n", ""))
        await visit.hear()

    events = FakeLaneEvents()
    async with ScriptedPeer(hang_up_at_mail) as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob())
        await events.wait(1)
        assert peer.connections == 1
    (outcome,) = events.results[1]
    assert isinstance(outcome, Deferred)
    assert (outcome.stage, outcome.scope) == (Stage.MAIL, Scope.ROUTE)


async def test_before_dot_that_says_no_drops_the_connection_without_the_dot():
    events = FakeLaneEvents(allow_dot=False)
    async with ScriptedPeer() as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob())
        await events.wait(1)
    (outcome,) = events.results[1]
    assert isinstance(outcome, Deferred)
    assert not outcome.ambiguous
    assert peer.contents == []


async def test_may_mail_that_says_no_gives_the_job_back_unstarted():
    events = FakeLaneEvents(allow_mail=False)
    async with ScriptedPeer() as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob())
        await events.wait(1)
    assert events.back == [1]
    assert peer.mails == 0


async def test_no_connect_without_a_permit_and_wake_asks_again():
    events = FakeLaneEvents(allow_connect=False)
    async with ScriptedPeer() as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob())
        await events.until(lambda: "may connect" in events.log)
        assert peer.connections == 0
        events.allow_connect = True
        lane.wake()
        await events.wait(1)
    assert isinstance(events.results[1][0], Delivered)


async def test_a_recalled_job_has_no_event_and_is_never_sent():
    events = FakeLaneEvents()
    async with ScriptedPeer() as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(token=1))
        lane.submit(FakeJob(token=2))
        assert lane.recall(1)
        assert not lane.recall(1)
        await events.wait(1)
        assert not lane.recall(2)
    assert list(events.results) == [2]
    assert peer.mails == 1


async def test_a_render_fault_ends_that_job_alone_and_says_nothing_to_the_peer():
    events = FakeLaneEvents()
    async with ScriptedPeer() as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(token=1, fault=RenderFault("field is missing")))
        lane.submit(FakeJob(token=2, fault=ValueError("a bug of ours")))
        lane.submit(FakeJob(token=3, reverse_path="a\r\nb@example.org"))
        lane.submit(FakeJob(token=4))
        await events.wait(4)
    assert events.faulty == [1]
    assert isinstance(events.results[2][0], Deferred)
    assert isinstance(events.results[3][0], Deferred)
    assert isinstance(events.results[4][0], Delivered)
    assert peer.mails == 1


async def test_what_the_peer_cannot_take_fails_without_mail():
    events = FakeLaneEvents()
    async with ScriptedPeer() as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(token=1, smtputf8=True, reverse_path="jürgen@example.org"))
        lane.submit(FakeJob(token=2, size_bytes=1_000_001))
        await events.wait(2)
    assert peer.mails == 0
    first, second = events.results[1][0], events.results[2][0]
    assert isinstance(first, Failed)
    assert isinstance(second, Failed)
    assert first.why.startswith("5.6.7")
    assert second.why.startswith("5.3.4")


async def test_a_large_body_arrives_whole_and_its_dot_goes_last():
    events = FakeLaneEvents()
    content = b"A: b\r\n\r\n" + (b"x" * 998 + b"\r\n") * 3000
    async with ScriptedPeer(_patient) as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(content=content))
        await events.wait(1)
    assert isinstance(events.results[1][0], Delivered)
    assert b"".join(peer.contents) == content


async def _patient(visit: Visit) -> None:
    await visit.greet()
    while (await visit.hear()) != "DATA":
        await visit.say("250 ok\r\n")
    await visit.say("354 go\r\n")
    content = b""
    while not content.endswith(b"\r\n.\r\n"):
        content += await visit.reader.read(100_000)
    visit.peer.contents.append(content[:-3])
    await visit.say("250 ok\r\n")
    await visit.hear()


async def test_stop_returns_what_waits_drops_what_is_before_the_dot_and_waits_for_what_is_after_it():
    at_dot, release = asyncio.Event(), asyncio.Event()

    async def slow_dot(visit: Visit) -> None:
        await visit.greet(EHLO.replace("250-PIPELINING\r\n", ""))
        await visit.take_message(final="")
        at_dot.set()
        await release.wait()
        await visit.say("250 ok\r\n")
        await visit.hear()

    events = FakeLaneEvents()
    async with ScriptedPeer(slow_dot) as peer:
        async with lane_to(peer.port, events, limits=LaneLimits(max_connections=1)) as lane:
            lane.submit(FakeJob(token=1))
            lane.submit(FakeJob(token=2))
            await at_dot.wait()
            lane.stop()
            await events.until(lambda: events.back == [2])
            assert events.results == {}
            release.set()
            await lane.wait_closed()
    assert isinstance(events.results[1][0], Delivered)


async def test_stop_before_the_dot_returns_the_job():
    at_mail = asyncio.Event()

    async def silent_at_mail(visit: Visit) -> None:
        await visit.greet()
        await visit.hear()
        at_mail.set()
        await visit.reader.read()

    events = FakeLaneEvents()
    async with ScriptedPeer(silent_at_mail) as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob())
        await at_mail.wait()
        lane.stop()
        await lane.wait_closed()
    assert events.back == [1]
    assert events.results == {}


async def test_openings_that_are_dropped_close_at_once_though_no_peer_greets_and_the_lane_goes_on():
    met, visits = asyncio.Event(), 0

    async def greets_the_second(visit: Visit) -> None:
        nonlocal visits
        visits += 1
        if visits > 1:
            await friendly(visit)
        else:
            met.set()
            await visit.reader.read()

    events = FakeLaneEvents()
    async with ScriptedPeer(greets_the_second) as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(token=1))
        await asyncio.wait_for(met.wait(), 10)
        assert lane.recall(1)
        lane.drop_openings()
        await events.until(lambda: lane.connections == 0)
        lane.submit(FakeJob(token=2))
        await events.wait(1)
    assert isinstance(events.results[2][0], Delivered)


async def test_partial_acceptance_gives_each_recipient_its_own_outcome():
    async def picky(visit: Visit) -> None:
        await visit.greet()
        while (line := await visit.hear()) != "DATA":
            await visit.say("550 5.1.1 unknown\r\n" if "bad@" in line else "250 ok\r\n")
        await visit.say("354 go\r\n")
        await visit.hear_content()
        await visit.say("250 ok\r\n")
        await visit.hear()

    events = FakeLaneEvents()
    recipients = (JobRecipient(1, "good@example.com"), JobRecipient(2, "bad@example.com"))
    async with ScriptedPeer(picky) as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(recipients=recipients))
        await events.wait(1)
    good, bad = events.results[1]
    assert isinstance(good, Delivered)
    assert isinstance(bad, Failed)
    assert (bad.stage, bad.scope) == (Stage.RCPT, Scope.RECIPIENT)


async def test_the_next_envelope_travels_with_the_final_dot_when_the_peer_pipelines():
    seen = asyncio.get_running_loop().create_future()

    async def watching(visit: Visit) -> None:
        await visit.greet()
        await visit.take_message(final="")
        seen.set_result(await visit.hear())  # before the dot is answered
        await visit.say("250 ok\r\n250 ok\r\n")
        while await visit.take_message():
            pass

    events = FakeLaneEvents()
    async with ScriptedPeer(watching) as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(token=1))
        lane.submit(FakeJob(token=2))
        await events.wait(2)
    assert (await seen).startswith("MAIL FROM")
    assert isinstance(events.results[2][0], Delivered)


async def test_a_refused_second_connection_does_not_fail_the_site():
    async def only_one(visit: Visit) -> None:
        if visit.peer.open > 1:
            await visit.say("421 4.7.0 too many connections\r\n")
        else:
            await friendly(visit)

    events = FakeLaneEvents()
    async with ScriptedPeer(only_one) as peer, lane_to(peer.port, events) as lane:
        for token in range(60):
            lane.submit(FakeJob(token=token))
        await events.wait(60)
    assert events.failed_sites == []
    assert sum(isinstance(outcomes[0], Delivered) for outcomes in events.results.values()) == 60


async def test_an_idle_connection_found_dead_costs_no_attempt():
    async def one_and_close(visit: Visit) -> None:
        await visit.greet()
        await visit.take_message()

    events = FakeLaneEvents()
    async with ScriptedPeer(one_and_close) as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(token=1))
        await events.wait(1)
        await events.until(lambda: "closed" in events.log)
        lane.submit(FakeJob(token=2))
        await events.wait(2)
        assert peer.connections == 2
    assert isinstance(events.results[2][0], Delivered)
    assert events.asked_mail == 2


async def test_an_address_that_failed_is_tried_last_for_a_while():
    events = FakeLaneEvents()
    hosts = (Host("dead.example", ("127.0.0.9",)), Host("good.example", ("127.0.0.1",)))
    async with ScriptedPeer() as peer, lane_to(peer.port, events, limits=LaneLimits(idle_seconds=0)) as lane:
        lane.submit(FakeJob(token=1, hosts=hosts))
        await events.wait(1)
        assert events.log.count("may connect") == 2
        lane.submit(FakeJob(token=2, hosts=hosts))
        await events.wait(2)
        assert events.log.count("may connect") == 3


async def test_an_idle_connection_of_another_site_makes_room():
    events = FakeLaneEvents()
    async with ScriptedPeer() as peer, lane_to(peer.port, events, limits=LaneLimits(max_connections=1)) as lane:
        lane.submit(FakeJob(token=1, site="one"))
        await events.wait(1)
        lane.submit(FakeJob(token=2, site="two"))
        await events.wait(2)
        assert peer.most_open == 1
    assert isinstance(events.results[2][0], Delivered)


async def test_a_site_that_is_slow_at_the_dot_gets_no_envelope_behind_it():
    held, release = asyncio.Event(), asyncio.Event()

    async def slow(visit: Visit) -> None:
        await visit.greet()
        await visit.take_message()
        await visit.take_message(final="")
        held.set()
        await release.wait()
        await visit.say("250 ok\r\n")
        await visit.hear()

    events = FakeLaneEvents()
    async with ScriptedPeer(slow) as peer, lane_to(peer.port, events, limits=LaneLimits(max_connections=1)) as lane:
        lane.submit(FakeJob(token=1))
        await events.wait(1)
        (site,) = lane._waiting.sites.values()
        site.last_dot_seconds = 2.0
        lane.submit(FakeJob(token=2))
        lane.submit(FakeJob(token=3))
        await held.wait()
        assert events.asked_mail == 2
        assert lane.recall(3)
        release.set()
        await events.wait(2)


async def test_a_connect_waits_five_seconds_while_another_address_is_left_and_thirty_for_the_last(monkeypatch):
    waits = []
    timeout = asyncio.timeout

    def noted(seconds):
        waits.append(seconds)
        return timeout(seconds)

    monkeypatch.setattr("youtong.mta.delivery.opening.asyncio.timeout", noted)
    events = FakeLaneEvents()
    hosts = (Host("mx1.example", ("127.0.0.8", "127.0.0.9")), Host("mx2.example", ("127.0.0.1",)))
    async with ScriptedPeer() as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(hosts=hosts))
        await events.wait(1)
    assert [seconds for seconds in waits if seconds in (5, 30)] == [5, 5, 30]
    assert events.results[1][0].peer.host == "mx2.example"
