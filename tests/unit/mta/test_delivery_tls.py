"""Opportunistic TLS on real sockets, under both event loops."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
import uvloop
from fakes.certificates import server_context
from fakes.clock import FakeClock
from fakes.lane_events import FakeJob, FakeLaneEvents
from fakes.scripted_peer import EHLO, ScriptedPeer, Visit
from youtong.mta.clock import SystemClock
from youtong.mta.delivery import tls
from youtong.mta.delivery.egress import EgressSource, LaneLimits, TlsLevel
from youtong.mta.delivery.host import Host
from youtong.mta.delivery.host_memory import HostMemory, Quirk
from youtong.mta.delivery.lane import Lane
from youtong.mta.delivery.timeouts import Timeouts
from youtong.mta.outcome import Deferred, Delivered, Stage

EHLO_TLS = EHLO.replace("250 DSN", "250-DSN\r\n250 STARTTLS")


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request):
    return request.param


@asynccontextmanager
async def lane_to(port, events, memory, timeouts, limits=None):
    lane = Lane(
        "lane",
        EgressSource("", "us.example"),
        port=port,
        limits=limits or LaneLimits(),
        timeouts=timeouts,
        clock=SystemClock(),
        host_memory=memory,
        events=events,
    )
    try:
        yield lane
    finally:
        lane.stop()
        async with asyncio.timeout(10):
            await lane.wait_closed()


async def deliver(behaviour, jobs, timeouts=None, memory=None):
    events = FakeLaneEvents()
    memory = memory or HostMemory(FakeClock())
    async with ScriptedPeer(behaviour) as peer, lane_to(peer.port, events, memory, timeouts or Timeouts()) as lane:
        for job in jobs:
            lane.submit(job)
        await events.wait(len(jobs))
    return events, peer, memory


def test_mail_goes_through_tls_whatever_the_certificate(run, tmp_path):
    context = server_context(tmp_path)

    async def good_tls(visit: Visit) -> None:
        await visit.greet(EHLO_TLS)
        await visit.start_tls(context)
        while await visit.take_message():
            pass
        await visit.say("221 bye\r\n")

    events, peer, memory = run(deliver(good_tls, [FakeJob(token=token) for token in range(4)]))
    outcome = events.results[3][0]
    assert isinstance(outcome, Delivered)
    assert outcome.peer.tls == "TLSv1.3"
    assert peer.connections == 1
    assert len(peer.contents) == 4
    assert not memory.has("mx.example", Quirk.BREAKS_TLS)
    assert events.log.count("closed") == 1


def test_a_large_body_goes_through_tls(run, tmp_path):
    context = server_context(tmp_path)
    content = b"A: b\r\n\r\n" + (b"x" * 998 + b"\r\n") * 1000

    async def good_tls(visit: Visit) -> None:
        await visit.greet(EHLO_TLS)
        await visit.start_tls(context)
        while (await visit.hear()) != "DATA":
            await visit.say("250 ok\r\n")
        await visit.say("354 go\r\n")
        received = b""
        while not received.endswith(b"\r\n.\r\n"):
            received += await visit.reader.read(100_000)
        visit.peer.contents.append(received[:-3])
        await visit.say("250 ok\r\n")
        await visit.hear()

    events, peer, _ = run(deliver(good_tls, [FakeJob(content=content)]))
    assert isinstance(events.results[1][0], Delivered)
    assert peer.contents == [content]


@pytest.mark.parametrize(
    ("how", "seconds"), [("garbage", 3 * 86_400), ("hang up", 600), ("reset", 600), ("silence", 600)]
)
def test_a_broken_handshake_is_retried_in_the_clear_and_remembered(run, how, seconds):
    clock = FakeClock()

    async def broken_tls(visit: Visit) -> None:
        await visit.greet(EHLO_TLS)
        if (await visit.hear()) != "STARTTLS":
            await visit.say("250 ok\r\n")
            while await visit.take_message():
                pass
            return
        await visit.say("220 go ahead\r\n")
        if how == "garbage":
            await visit.reader.read(1)  # the handshake has begun
            await visit.say("this is not TLS, not at all\r\n" * 20)
        if how == "reset":
            visit.writer.transport.abort()
        elif how != "hang up":
            await visit.reader.read()

    events, peer, memory = run(deliver(broken_tls, [FakeJob()], Timeouts(tls=0.05), HostMemory(clock)))
    outcome = events.results[1][0]
    assert isinstance(outcome, Delivered)
    assert outcome.peer.tls == ""
    assert peer.connections == 2
    assert memory.has("mx.example", Quirk.BREAKS_TLS)
    assert events.failed_sites == []
    assert events.log.count("closed") == 2
    clock.advance(seconds - 1)
    assert memory.has("mx.example", Quirk.BREAKS_TLS)
    clock.advance(2)
    assert not memory.has("mx.example", Quirk.BREAKS_TLS)


def _good_tls(context):
    async def good_tls(visit: Visit) -> None:
        await visit.greet(EHLO_TLS)
        if (await visit.hear()) == "STARTTLS":
            await visit.say("220 go ahead\r\n")
            await visit.writer.start_tls(context)
            tls = visit.writer.get_extra_info("ssl_object")
            visit.peer.heard.append(f"resumed {tls.session_reused}")
            await visit.hear()
            await visit.say(EHLO)
        while await visit.take_message():
            pass
        await visit.say("221 bye\r\n")

    return good_tls


async def _one_after_another(context, jobs):
    events = FakeLaneEvents()
    async with (
        ScriptedPeer(_good_tls(context)) as peer,
        lane_to(peer.port, events, HostMemory(FakeClock()), Timeouts(), LaneLimits(idle_seconds=0)) as lane,
    ):
        for number, job in enumerate(jobs, start=1):
            lane.submit(job)
            await events.wait(number)
    return peer


def test_the_next_connection_to_a_host_resumes_the_tls_session(run, tmp_path):
    context = server_context(tmp_path)
    hosts = (Host("resumed.example", ("127.0.0.1",)),)
    peer = run(_one_after_another(context, [FakeJob(token=token, hosts=hosts) for token in range(3)]))
    assert [line for line in peer.heard if line.startswith("resumed")] == [
        "resumed False",
        "resumed True",
        "resumed True",
    ]


def test_no_more_sessions_are_kept_than_allowed(monkeypatch):
    monkeypatch.setattr(tls, "_MAX_SESSIONS", 2)
    context = tls.context_for(TlsLevel.OPPORTUNISTIC)
    context.sessions.clear()
    for name in "abc":
        context.keep(name, SimpleNamespace(session=name))
    assert list(context.sessions) == ["b", "c"]
    context.sessions.clear()


@pytest.mark.parametrize(("level", "why"), [(TlsLevel.VERIFIED, "certificate verify failed"), (TlsLevel.REQUIRED, "")])
def test_only_where_it_is_asked_for_is_the_certificate_looked_at(run, tmp_path, level, why):
    context = server_context(tmp_path)

    async def one() -> FakeLaneEvents:
        events = FakeLaneEvents()
        async with (
            ScriptedPeer(_good_tls(context)) as peer,
            lane_to(peer.port, events, HostMemory(FakeClock()), Timeouts(), LaneLimits(tls=level)) as lane,
        ):
            lane.submit(FakeJob())
            await events.wait(1)
            assert peer.connections == 1
        return events

    (outcome,) = run(one()).results[1]
    if why:
        assert isinstance(outcome, Deferred)
        assert outcome.stage is Stage.TLS
        assert why in outcome.why
    else:
        assert isinstance(outcome, Delivered)
