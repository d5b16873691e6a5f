"""A receiver that goes away at any point: after every octet that it says, by reset, end of file and half-close, and
with a 421 in place of every reply. Real sockets, both event loops (conftest), with and without PIPELINING, and in TLS.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fakes.certificates import server_context
from fakes.clock import FakeClock
from fakes.lane_events import FakeJob, FakeLaneEvents
from fakes.scripted_peer import EHLO, ScriptedPeer, Visit, friendly
from youtong.mta.clock import SystemClock
from youtong.mta.delivery.egress import EgressSource, LaneLimits
from youtong.mta.delivery.host_memory import HostMemory
from youtong.mta.delivery.job import JobRecipient
from youtong.mta.delivery.lane import Lane
from youtong.mta.delivery.timeouts import Timeouts
from youtong.mta.outcome import Deferred, Delivered, Failed, Outcome, Scope, Stage

STEP_BY_STEP = EHLO.replace("250-PIPELINING\r\n", "")
TLS = EHLO.replace("250 DSN", "250-DSN\r\n250 STARTTLS")
GREETING, HELLO, MAIL, FIRST, SECOND, THIRD, DATA, DOT = range(8)
STAGES = (Stage.GREETING, Stage.EHLO, Stage.MAIL, *[Stage.RCPT] * 3, Stage.DATA, Stage.FINAL_DOT)
WAYS = ("reset", "end", "half-close")
RECIPIENTS = tuple(JobRecipient(number, f"r{number}@example.com") for number in range(3))


def replies(ehlo: str) -> list[str]:
    """What a host says to one message: the second recipient is unknown, the others are taken."""
    unknown = "550-5.1.1 no\r\n550 5.1.1 such user\r\n"
    return ["220 mx\r\n", ehlo, "250 ok\r\n", "250 ok\r\n", unknown, "250 ok\r\n", "354 go\r\n", "250 2.0.0 in\r\n"]


class CutVisit:
    """Answers in order, as far as it is let; then goes `way`."""

    def __init__(self, visit: Visit, octets_left: int, way: str) -> None:
        self._visit, self._left, self._way = visit, octets_left, way

    async def answer(self, said: Sequence[str]) -> None:
        for place, text in enumerate(said):
            if place == DOT:
                await self._visit.hear_content()
            elif place != GREETING:
                await self._visit.hear()
            await self._say(text.encode())
        await go(self._visit, self._way)

    async def _say(self, octets: bytes) -> None:
        whole, self._left = octets[: self._left], self._left - len(octets)
        self._visit.writer.write(whole)
        await self._visit.writer.drain()
        if self._left <= 0:
            await go(self._visit, self._way)


async def go(visit: Visit, way: str) -> None:
    writer = visit.writer
    match way:
        case "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        case "end":
            writer.close()
        case _:
            writer.write_eof()
            await visit.reader.read()
    raise ConnectionResetError


@asynccontextmanager
async def lane_to(peer: ScriptedPeer, events: FakeLaneEvents, limits: LaneLimits | None = None):
    lane = Lane(
        "lane",
        EgressSource("", "us.example"),
        port=peer.port,
        limits=limits or LaneLimits(),
        timeouts=Timeouts(quit=0.05),
        clock=SystemClock(),
        host_memory=HostMemory(FakeClock()),
        events=events,
    )
    try:
        yield lane
    finally:
        lane.stop()
        async with asyncio.timeout(10):
            await lane.wait_closed()
        assert lane.connections == 0


async def outcomes_of(behaviour) -> tuple[list[Outcome], FakeLaneEvents, ScriptedPeer]:
    events = FakeLaneEvents()
    async with ScriptedPeer(behaviour) as peer, lane_to(peer, events) as lane:
        lane.submit(FakeJob(recipients=RECIPIENTS))
        await events.wait(1)
    return events.results[1], events, peer


def whole_replies(said: Sequence[str], octets: int) -> int:
    """How many of the replies are within so many octets."""
    return sum(len("".join(said[: place + 1])) <= octets for place in range(len(said)))


def check(outcomes: list[Outcome], came: int, events: FakeLaneEvents) -> None:
    """`came` replies were heard to their end, and nothing after them."""
    refused = outcomes.pop(1)
    if came > SECOND:
        assert isinstance(refused, Failed)
        assert refused.reply is not None
        assert refused.reply.text.endswith("such user")
    else:
        outcomes.append(refused)
    for outcome in outcomes:
        if came > DOT:
            assert isinstance(outcome, Delivered)
            continue
        assert isinstance(outcome, Deferred)
        assert outcome.stage is STAGES[came]
        assert outcome.scope is (Scope.SITE if came < MAIL else Scope.ROUTE)
        assert outcome.ambiguous == (came == DOT) == ("before dot" in events.log)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("ehlo", [EHLO, STEP_BY_STEP], ids=["pipelining", "step by step"])
async def test_a_host_that_goes_after_any_octet_costs_what_it_had_not_said(ehlo: str, way: str):
    said = replies(ehlo)
    for octets in range(len("".join(said)) + 1):
        outcomes, events, peer = await outcomes_of(lambda visit, left=octets: CutVisit(visit, left, way).answer(said))
        try:
            check(outcomes, whole_replies(said, octets), events)
            assert peer.connections <= 2
            assert events.log.count("before dot") <= 1
        except AssertionError as error:
            raise AssertionError(f"cut after {octets} octets: {outcomes} {events.log}") from error


async def say_421_at(visit: Visit, place: int, said: Sequence[str], *, closes: bool) -> None:
    """Every reply up to `place`, and there 421; then it closes, or waits for the client to."""
    for at, text in enumerate([*said[:place], "421 4.3.2 going down\r\n"]):
        if at == DOT:
            await visit.hear_content()
        elif at not in (GREETING, DOT + 1):
            await visit.hear()
        await visit.say(text)
    if not closes:
        await visit.reader.read()


@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.parametrize("place", range(DOT + 2))
@pytest.mark.parametrize("ehlo", [EHLO, STEP_BY_STEP], ids=["pipelining", "step by step"])
async def test_421_at_any_point_defers_with_its_words_and_doubts_nothing(ehlo: str, place: int, closes: bool):
    said = replies(ehlo)
    outcomes, events, peer = await outcomes_of(lambda visit: say_421_at(visit, place, said, closes=closes))
    if place > SECOND:
        assert isinstance(outcomes.pop(1), Failed)
    for outcome in outcomes:
        if place > DOT:
            assert isinstance(outcome, Delivered)
            continue
        assert isinstance(outcome, Deferred)
        assert outcome.reply is not None
        assert (outcome.reply.code, outcome.ambiguous, outcome.stage) == (421, False, STAGES[place])
    assert peer.connections == 1
    assert events.log.count("before dot") == (place >= DOT)


HANDSHAKE, HELLO_IN_TLS = 3, 4  # steps of a session with TLS: greeting, EHLO, STARTTLS, handshake, EHLO, MAIL …
DOT_IN_TLS = HELLO_IN_TLS + DOT - HELLO


async def cut_in_tls(visit: Visit, context: ssl.SSLContext, steps: int, way: str) -> None:
    """So many steps of a session with TLS, then it goes, in the middle of the handshake if that is the next one; it
    takes what comes the second time."""
    if visit.number > 1:
        await friendly(visit)
        return
    for step, text in enumerate(["220 mx\r\n", TLS, "220 go ahead\r\n", "", *replies(EHLO)[HELLO:]][:steps]):
        await step_in_tls(visit, context, step)
        await visit.say(text)
    if steps == HANDSHAKE:
        await visit.reader.readexactly(50)  # of a ClientHello
    await go(visit, way)


async def step_in_tls(visit: Visit, context: ssl.SSLContext, step: int) -> None:
    if step == HANDSHAKE:
        await visit.writer.start_tls(context)
    elif step == DOT_IN_TLS:
        await visit.hear_content()
    elif step != GREETING:
        await visit.hear()


@pytest.mark.parametrize("way", ["reset", "end"])  # TLS has no half-close
@pytest.mark.parametrize("steps", range(DOT_IN_TLS + 2))
async def test_a_host_that_goes_at_any_step_of_a_session_with_tls(tmp_path: Path, steps: int, way: str):
    context = server_context(tmp_path)
    outcomes, _, peer = await outcomes_of(lambda visit: cut_in_tls(visit, context, steps, way))
    taken = [outcome for outcome in outcomes if isinstance(outcome, Delivered)]
    doubtful = [outcome for outcome in outcomes if isinstance(outcome, Deferred) and outcome.ambiguous]
    match steps:
        case 0:  # says nothing of its manners: the next attempt is a later one
            assert (taken, doubtful, peer.connections) == ([], [], 1)
        case step if step < DOT_IN_TLS:  # another manner: HELO, no TLS, or step by step
            assert (len(taken), peer.connections) == (3, 2)
            assert taken[0].peer.tls == ""
        case step:
            assert (len(taken), len(doubtful)) == ((0, 2) if step == DOT_IN_TLS else (2, 0))
            assert peer.connections == 1
