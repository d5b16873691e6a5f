"""A lane against a peer of bad temper: every job has one event, and no limit is passed, whatever happens."""

import asyncio
import random

import pytest
from fakes.lane_events import FakeJob, FakeLaneEvents
from fakes.scripted_peer import EHLO, ScriptedPeer, Visit
from youtong.mta.clock import SystemClock
from youtong.mta.delivery.egress import EgressSource, LaneLimits
from youtong.mta.delivery.host_memory import HostMemory
from youtong.mta.delivery.job import JobRecipient, RenderFault
from youtong.mta.delivery.lane import Lane
from youtong.mta.delivery.timeouts import Timeouts
from youtong.mta.outcome import Deferred, Delivered

JOBS = 300
STEP_BY_STEP = EHLO.replace("250-PIPELINING\r\n", "")


def moody(dice: random.Random):
    async def visit_of(visit: Visit) -> None:
        if dice.random() < 0.05:
            await visit.say(dice.choice(["554 no\r\n", "421 no\r\n", "rubbish\r\n", ""]))
            return
        await visit.greet(dice.choice([EHLO, STEP_BY_STEP, "250 x\r\n"]))
        while line := await visit.hear():
            visit.peer.mails += line.startswith("MAIL")
            if dice.random() < 0.02:
                return
            if dice.random() < 0.02:
                await visit.say(dice.choice(["421 4.4.2 bye\r\n", "rubbish\r\n", "250 a\r\n250 b\r\n"]))
                continue
            if line == "QUIT":
                await visit.say("221 bye\r\n")
                return
            if line == "DATA":
                await data(visit)
            elif dice.random() < 0.1:
                await visit.say(dice.choice(["450 later\r\n", "550 5.1.1 no\r\n"]))
            else:
                await visit.say("250 ok\r\n")

    async def data(visit: Visit) -> None:
        if dice.random() < 0.1:
            await visit.say("554 no\r\n")
            return
        await visit.say("354 go\r\n")
        while (line := await visit.reader.readline()) not in (b".\r\n", b""):
            pass
        if line:
            await visit.say(dice.choice(["250 taken\r\n", "250-taken\r\n250 indeed\r\n", "451 hm\r\n"]))

    return visit_of


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("stopped_after", [JOBS, JOBS // 3])
async def test_every_job_has_exactly_one_event(seed: int, stopped_after: int):
    dice = random.Random(seed)
    events = FakeLaneEvents()
    limits = LaneLimits(max_connections=4, messages_per_connection=7, idle_seconds=dice.choice([0.0, 0.001, 5.0]))
    recalled = 0
    async with ScriptedPeer(moody(dice)) as peer:
        lane = Lane(
            "lane",
            EgressSource("", "us.example"),
            port=peer.port,
            limits=limits,
            timeouts=Timeouts(quit=0.05),
            clock=SystemClock(),
            host_memory=HostMemory(SystemClock()),
            events=events,
        )
        for token in range(JOBS):
            lane.submit(
                FakeJob(
                    token=token,
                    site=f"site{token % 6}",
                    recipients=tuple(JobRecipient(n, f"r{n}@example.com") for n in range(1 + token % 3)),
                    fault=RenderFault("x") if token % 50 == 7 else None,
                )
            )
            if token % 20 == 0:
                recalled += lane.recall(token)
            if token % 10 == 0:
                await asyncio.sleep(0)
        await events.until(lambda: events.ended + recalled >= stopped_after)
        lane.stop()
        async with asyncio.timeout(10):
            await lane.wait_closed()
        assert lane.waiting == 0
        assert lane.connections == 0
    ends = [*events.results, *events.back, *events.faulty]
    assert len(ends) == len(set(ends)) == JOBS - recalled
    assert peer.most_open <= 4
    assert peer.mails <= events.asked_mail
    assert events.log.count("connected") <= events.log.count("closed")
    for token, outcomes in events.results.items():
        assert len(outcomes) == 1 + token % 3
    everything = [outcome for outcomes in events.results.values() for outcome in outcomes]
    assert any(isinstance(outcome, Delivered) for outcome in everything)
    assert any(isinstance(outcome, Deferred) for outcome in everything)
