"""Hosts with habits: what a lane learns from them, and that nobody's mail pays for it. Under both event loops."""

import asyncio
from contextlib import asynccontextmanager

from fakes.lane_events import FakeJob, FakeLaneEvents
from fakes.scripted_peer import EHLO, ScriptedPeer, Visit, friendly
from youtong.mta.clock import SystemClock
from youtong.mta.delivery.egress import EgressSource, LaneLimits, TlsLevel
from youtong.mta.delivery.host import Host
from youtong.mta.delivery.host_memory import HostMemory, Quirk
from youtong.mta.delivery.job import JobRecipient
from youtong.mta.delivery.lane import Lane
from youtong.mta.delivery.timeouts import Timeouts
from youtong.mta.outcome import Deferred, Delivered, Failed, Stage

STEP_BY_STEP = EHLO.replace("250-PIPELINING\r\n", "")
BOTH_FAMILIES = EgressSource("127.0.0.1", "us.example", "::1", "us6.example")
TWO_HOSTS = (Host("mx6.example", ("::1",)), Host("mx4.example", ("127.0.0.1",)))


@asynccontextmanager
async def lane_to(port, events, *, source=None, memory=None, limits=None):
    lane = Lane(
        "lane",
        source or EgressSource("127.0.0.1", "us.example"),
        port=port,
        limits=limits or LaneLimits(),
        timeouts=Timeouts(),
        clock=SystemClock(),
        host_memory=memory or HostMemory(SystemClock()),
        events=events,
    )
    try:
        yield lane
    finally:
        lane.abort()
        async with asyncio.timeout(10):
            await lane.wait_closed()
        assert lane.connections == 0


async def _one_by_one(visit: Visit) -> None:
    """Hears only the first of the commands that come together, and throws the rest away."""
    await visit.greet()
    while True:
        octets = await visit.reader.read(100_000)
        if octets.count(b"\n") > 1:
            await visit.say("250 ok\r\n")
            return
        if not octets or octets.startswith(b"QUIT"):
            return
        if octets.startswith(b"DATA"):
            await visit.say("354 go\r\n")
            await visit.hear_content()
        await visit.say("250 ok\r\n")


async def test_a_host_that_loses_pipelined_commands_gets_them_one_by_one_and_nothing_twice():
    events, memory = FakeLaneEvents(), HostMemory(SystemClock())
    limits = LaneLimits(max_connections=1)
    async with ScriptedPeer(_one_by_one) as peer, lane_to(peer.port, events, memory=memory, limits=limits) as lane:
        for token in range(5):
            lane.submit(FakeJob(token=token))
        await events.wait(5)
    assert [type(events.results[token][0]) for token in range(5)] == [Delivered] * 5
    assert len(peer.contents) == 5
    assert peer.connections == 2
    assert memory.has("mx.example", Quirk.BREAKS_PIPELINING)


async def test_a_refusal_of_pipelining_bounces_nobody():
    async def strict(visit: Visit) -> None:
        await visit.greet()
        pipelined = visit.number == 1
        while line := await visit.hear():
            if pipelined and line.startswith("RCPT"):
                await visit.say("503 5.5.0 Improper use of SMTP command pipelining\r\n")
            elif line == "DATA":
                await visit.say("354 go\r\n")
                await visit.hear_content()
                await visit.say("250 ok\r\n")
            else:
                await visit.say("250 ok\r\n")

    events = FakeLaneEvents()
    async with ScriptedPeer(strict) as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob())
        await events.wait(1)
    assert isinstance(events.results[1][0], Delivered)
    assert peer.connections == 2


async def test_a_host_that_fails_step_by_step_too_is_deferred():
    async def rude(visit: Visit) -> None:
        await visit.greet()
        await visit.hear()

    events = FakeLaneEvents()
    async with ScriptedPeer(rude) as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob())
        await events.wait(1)
    (outcome,) = events.results[1]
    assert isinstance(outcome, Deferred)
    assert not outcome.ambiguous
    assert peer.connections == 2


async def test_a_host_that_closes_on_ehlo_hears_helo_and_is_remembered():
    async def old(visit: Visit) -> None:
        await visit.say("220 old.example\r\n")
        if (await visit.hear()).startswith("HELO"):
            await visit.say("250 old.example\r\n")
            while await visit.take_message():
                pass

    events, memory = FakeLaneEvents(), HostMemory(SystemClock())
    limits = LaneLimits(idle_seconds=0)
    async with ScriptedPeer(old) as peer, lane_to(peer.port, events, memory=memory, limits=limits) as lane:
        lane.submit(FakeJob(token=1))
        await events.wait(1)
        lane.submit(FakeJob(token=2))
        await events.wait(2)
    assert isinstance(events.results[1][0], Delivered)
    assert isinstance(events.results[2][0], Delivered)
    assert [line[:4] for line in peer.heard if line[1:4] in ("HLO", "ELO")] == ["EHLO", "HELO", "HELO"]


async def test_8_bit_content_arrives_as_7_bit_where_8bitmime_is_not_offered():
    async def old(visit: Visit) -> None:
        await visit.greet("250 old.example\r\n")
        while await visit.take_message():
            pass

    events = FakeLaneEvents()
    async with ScriptedPeer(old) as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(content=b"Subject: x\r\n\r\nK\xe4se\r\n", eight_bit=True))
        await events.wait(1)
    assert isinstance(events.results[1][0], Delivered)
    assert peer.contents[0].endswith(b"\r\n\r\nK=E4se\r\n.\r\n")


async def test_one_connection_serves_several_domains_of_a_site():
    events = FakeLaneEvents()
    limits = LaneLimits(max_connections=1)
    async with ScriptedPeer() as peer, lane_to(peer.port, events, limits=limits) as lane:
        for token, domain in enumerate(("one.example", "two.example", "three.example")):
            lane.submit(FakeJob(token=token, recipients=(JobRecipient(token, f"b@{domain}"),)))
        await events.wait(3)
        assert peer.connections == 1
    assert [line for line in peer.heard if line.startswith(("RCPT", "RSET"))] == [
        "RCPT TO:<b@one.example>",
        "RCPT TO:<b@two.example>",
        "RCPT TO:<b@three.example>",
    ]


async def test_an_idle_connection_whose_peer_has_closed_hears_no_mail():
    closed = asyncio.Event()

    async def one_and_close(visit: Visit) -> None:
        await visit.greet()
        await visit.take_message()
        if visit.number == 1:
            visit.writer.close()
            closed.set()
        else:
            await visit.hear()

    events = FakeLaneEvents()
    async with ScriptedPeer(one_and_close) as peer, lane_to(peer.port, events) as lane:
        lane.submit(FakeJob(token=1))
        await closed.wait()
        await events.wait(1)
        lane.submit(FakeJob(token=2))
        await events.wait(2)
    assert isinstance(events.results[2][0], Delivered)
    assert events.asked_mail == 2


async def test_421_for_enough_messages_costs_the_next_message_no_attempt():
    async def two_each(visit: Visit) -> None:
        await visit.greet(STEP_BY_STEP)
        for _ in range(2):
            if not await visit.take_message():
                return
        await visit.hear()
        await visit.say("421 4.7.0 Too many messages in this session, reconnect\r\n")

    events = FakeLaneEvents()
    limits = LaneLimits(max_connections=1)
    async with ScriptedPeer(two_each) as peer, lane_to(peer.port, events, limits=limits) as lane:
        for token in range(5):
            lane.submit(FakeJob(token=token))
        await events.wait(5)
    assert all(isinstance(outcomes[0], Delivered) for outcomes in events.results.values())
    assert peer.connections == 3


async def test_a_refusal_of_our_ipv6_address_is_tried_once_over_ipv4():
    async def fussy(visit: Visit) -> None:
        await visit.greet()
        while line := await visit.hear():
            if line == "QUIT":
                return
            await visit.say("550 5.7.1 [::1] IPv6 without reverse DNS\r\n")

    events = FakeLaneEvents()
    async with (
        ScriptedPeer() as good,
        ScriptedPeer(fussy, "::1", good.port) as bad,
        lane_to(good.port, events, source=BOTH_FAMILIES) as lane,
    ):
        lane.submit(FakeJob(token=1, hosts=TWO_HOSTS))
        await events.wait(1)
        lane.submit(FakeJob(token=2, hosts=TWO_HOSTS))
        await events.wait(2)
    first, second = events.results[1][0], events.results[2][0]
    assert isinstance(first, Delivered)
    assert first.peer.address == "127.0.0.1"
    assert isinstance(second, Delivered)
    assert bad.connections == 1
    assert bad.heard[0] == "EHLO us6.example"
    assert good.heard[0] == "EHLO us.example"


async def test_a_refusal_over_both_families_stands():
    async def fussy(visit: Visit) -> None:
        await visit.greet()
        while line := await visit.hear():
            if line == "QUIT":
                return
            await visit.say("550 5.7.1 your IP address is blocked\r\n")

    events = FakeLaneEvents()
    async with (
        ScriptedPeer(fussy) as four,
        ScriptedPeer(fussy, "::1", four.port) as six,
        lane_to(four.port, events, source=BOTH_FAMILIES) as lane,
    ):
        lane.submit(FakeJob(hosts=TWO_HOSTS))
        await events.wait(1)
    (outcome,) = events.results[1]
    assert isinstance(outcome, Failed)
    assert outcome.stage is Stage.MAIL
    assert (six.connections, four.connections) == (1, 1)


async def test_where_tls_is_required_a_host_without_it_gets_nothing_and_says_why():
    events = FakeLaneEvents()
    limits = LaneLimits(tls=TlsLevel.REQUIRED)
    async with ScriptedPeer(friendly) as peer, lane_to(peer.port, events, limits=limits) as lane:
        lane.submit(FakeJob())
        await events.wait(1)
    (outcome,) = events.results[1]
    assert isinstance(outcome, Deferred)
    assert outcome.stage is Stage.TLS
    assert "does not offer STARTTLS" in outcome.why
    assert peer.mails == 0
    assert peer.connections == 1
