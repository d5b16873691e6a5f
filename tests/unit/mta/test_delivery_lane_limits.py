"""Limits of single sites, limits that change while a lane runs, and the moment at which a MAIL counts (Q4)."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager

from fakes.lane_events import FakeJob, FakeLaneEvents
from fakes.scripted_peer import ScriptedPeer, Visit
from msgspec.structs import replace
from youtong.mta.clock import SystemClock
from youtong.mta.delivery.egress import EgressSource, LaneLimits
from youtong.mta.delivery.host_memory import HostMemory
from youtong.mta.delivery.lane import Lane
from youtong.mta.delivery.timeouts import Timeouts


@asynccontextmanager
async def lane_to(port, events, limits):
    lane = Lane(
        "lane",
        EgressSource("127.0.0.1", "us.example"),
        port=port,
        limits=limits,
        timeouts=Timeouts(),
        clock=SystemClock(),
        host_memory=HostMemory(SystemClock()),
        events=events,
    )
    try:
        yield lane
    finally:
        lane.abort()
        async with asyncio.timeout(10):
            await lane.wait_closed()


class Gate:
    """A peer that answers the final dot when the test lets it, and counts the dots."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.dots = 0
        self.seen = asyncio.Event()

    async def behave(self, visit: Visit) -> None:
        await visit.greet()
        while (line := await visit.hear()) not in ("", "QUIT"):
            if line == "DATA":
                await visit.say("354 go\r\n")
                await visit.hear_content()
                self.dots += 1
                self.seen.set()
                await self.open.wait()
                await visit.say("250 2.0.0 taken\r\n")
            else:
                await visit.say("250 2.1.0 ok\r\n")
        await visit.say("221 bye\r\n")

    async def wait_dots(self, count: int) -> None:
        async with asyncio.timeout(10):
            while self.dots < count:
                self.seen.clear()
                await self.seen.wait()


async def until_sockets(lane, count):
    async with asyncio.timeout(10):
        while lane.connections != count:
            await lane._openings.wait_for_change()


async def test_a_site_has_no_more_connections_than_its_own_limit_and_others_are_not_held_up():
    events, gate = FakeLaneEvents(), Gate()
    limits = LaneLimits(max_connections=5, max_connections_per_site=2, site_connections={"b": 1})
    async with ScriptedPeer(gate.behave) as peer, lane_to(peer.port, events, limits) as lane:
        for token in range(90):
            lane.submit(FakeJob(token=token, site="abc"[token % 3]))
        await gate.wait_dots(5)
        sites = lane._waiting.sites
        assert {name: site.sockets for name, site in sites.items()} == {"a": 2, "b": 1, "c": 2}
        gate.open.set()
        await events.wait(90)
        assert peer.most_open == 5


async def test_a_site_at_its_limit_goes_on_when_its_connection_is_used_up():
    events = FakeLaneEvents()
    limits = LaneLimits(max_connections=5, max_connections_per_site=1, messages_per_connection=3)
    async with ScriptedPeer() as peer, lane_to(peer.port, events, limits) as lane:
        for token in range(20):
            lane.submit(FakeJob(token=token))
        await events.wait(20)
        assert peer.most_open == 1
        assert peer.connections == 7


async def test_of_a_lowered_limit_busy_connections_finish_and_the_surplus_leaves():
    events, gate = FakeLaneEvents(), Gate()
    async with ScriptedPeer(gate.behave) as peer, lane_to(peer.port, events, LaneLimits(max_connections=4)) as lane:
        for token in range(40):
            lane.submit(FakeJob(token=token))
        await gate.wait_dots(4)
        lane.limits = replace(lane.limits, max_connections=1)
        lane.wake()
        await asyncio.sleep(0)
        assert lane.connections == 4
        gate.open.set()
        await events.wait(40)
        await until_sockets(lane, 1)
        assert peer.connections == 4


async def test_idle_connections_beyond_a_lowered_limit_leave_at_once():
    events, gate = FakeLaneEvents(), Gate()
    async with ScriptedPeer(gate.behave) as peer, lane_to(peer.port, events, LaneLimits(max_connections=4)) as lane:
        for token in range(40):
            lane.submit(FakeJob(token=token))
        await gate.wait_dots(4)
        gate.open.set()
        await events.wait(40)
        lane.limits = replace(lane.limits, max_connections=0)
        lane.wake()
        await until_sockets(lane, 0)
        assert Counter(peer.heard)["QUIT"] == 4


async def test_a_raised_limit_is_used_by_what_waits():
    events, gate = FakeLaneEvents(), Gate()
    async with ScriptedPeer(gate.behave) as peer, lane_to(peer.port, events, LaneLimits(max_connections=0)) as lane:
        for token in range(40):
            lane.submit(FakeJob(token=token))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert (lane.connections, lane.waiting) == (0, 40)
        lane.limits = LaneLimits(max_connections=3)
        lane.wake()
        await gate.wait_dots(3)
        gate.open.set()
        await events.wait(40)
        assert peer.most_open == 3


async def test_a_mail_sent_behind_a_final_dot_counts_from_the_answer_to_that_dot():
    """The peer reads it no sooner: by its own count the two would else be closer together than by ours."""
    events, gate = FakeLaneEvents(), Gate()
    async with ScriptedPeer(gate.behave) as peer, lane_to(peer.port, events, LaneLimits(max_connections=1)) as lane:
        lane.submit(FakeJob(token=1))
        lane.submit(FakeJob(token=2))
        await gate.wait_dots(1)
        opened_at = SystemClock().monotonic()
        gate.open.set()
        await events.wait(2)
    assert peer.connections == 1
    first, second = events.mail_at[1], events.mail_at[2]
    assert first is not None
    assert second is not None
    assert first < opened_at <= second
