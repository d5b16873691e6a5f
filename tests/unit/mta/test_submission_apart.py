"""Sessions in a process of their own: what goes over the pair, how much of it, and what a death of either end means."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from fakes.intake import ALICE, OneAccount, RecordingIntake
from hypothesis import given, strategies as st
from youtong.mta.envelope import Body, Domain, Envelope, ForwardPath
from youtong.mta.reply import Reply, reply
from youtong.mta.submission.apart import answering
from youtong.mta.submission.apart.answering import SessionsLink
from youtong.mta.submission.apart.asking import AskingIntake, OwnerLink, Told
from youtong.mta.submission.apart.frames import Offer, Reload, Stop, frame, from_sessions
from youtong.mta.submission.counted import ListenerFigures, added
from youtong.mta.submission.ports import (
    Accept,
    AuthFailure,
    Client,
    InlineBody,
    Intake,
    Origin,
    Refuse,
    SpooledBody,
    StoredBody,
    Submission,
)

CLIENT = Client("192.0.2.1", 40_000, "laptop.example", "TLSv1.3")
QUEUED = reply(250, "2.0.0", "queued")


def submission(body: StoredBody, name: str = "bob", accept: Accept | None = None) -> Submission:
    paths = (ForwardPath(f"{name}@b.example", Domain("b.example"), "NEVER", "rfc822;bob"),)
    envelope = Envelope("alice@example.org", paths, Body.EIGHT_BIT, smtputf8=True, ret="HDRS", envid="x+3D")
    return Submission(ALICE, CLIENT, envelope, b"Subject: x\r\n\r\n", body, accept or Accept())


class SlowIntake(RecordingIntake):
    """Commits when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[asyncio.Future[Reply]] = []

    def accept(self, submission: Submission) -> Awaitable[Reply]:
        self.submissions.append(submission)
        self.waiting.append(asyncio.get_running_loop().create_future())
        return self.waiting[-1]

    def commit(self) -> None:
        for each in self.waiting:
            if not each.done():
                each.set_result(QUEUED)


class BrokenIntake(RecordingIntake):
    """Raises, at once or later; a port never should."""

    def __init__(self, *, at_once: bool) -> None:
        super().__init__()
        self._at_once = at_once

    def accept(self, submission: Submission) -> Awaitable[Reply]:
        failed: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        failed.set_exception(ValueError("a fault"))
        if self._at_once:
            raise failed.exception() or AssertionError
        return failed


class ScriptedRoom:
    """Implements SendingRoom: says what a test told it to say."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []
        self.says: int | Refuse | Exception = 3

    def room(self, origin: Origin, *, named: int, taken: int) -> int | Refuse:
        self.asked.append((origin.label, named, taken))
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


class Pair:
    """Both ends in one loop."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.gone = asyncio.Event()
        self.link = OwnerLink(self.told.append, self.gone.set)
        self.room = ScriptedRoom()
        self.owner: SessionsLink

    async def open(self, intake: Intake) -> "Pair":
        self.owner = SessionsLink(OneAccount(fails_with=AuthFailure.THROTTLED), self.room, intake)
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        for end, protocol in ((ours, self.owner), (theirs, self.link)):
            end.setblocking(False)
            await loop.create_connection(lambda protocol=protocol: protocol, sock=end)
        return self

    def kill_sessions(self) -> None:
        assert self.link._writer is not None
        self.link._writer.abort()

    def close(self) -> None:
        for end in (self.link, self.owner):
            if end._writer is not None:
                end._writer.close()


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    pair = Pair()
    yield pair
    pair.close()
    await pair.gone.wait()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(0)


@given(st.binary(max_size=200), st.booleans(), st.text(max_size=20), st.none() | st.integers(0, 10**9))
def test_a_submission_comes_out_of_its_frame_as_it_went_in(
    octets: bytes, inline: bool, hold: str, lifetime: int | None
) -> None:
    body = InlineBody(octets) if inline else SpooledBody("ab-12", 70_000)
    sent = Offer(7, submission(body, accept=Accept((("X-A", "b"),), hold, "source", lifetime)))
    assert from_sessions(frame(sent)[4:]) == sent


async def test_the_owner_knows_what_the_listener_told_last(pair: Pair) -> None:
    await pair.open(RecordingIntake())
    pair.link.tell(ListenerFigures(1, 100, {550: 1}))
    pair.link.tell(ListenerFigures(3, 0, {550: 2, 451: 1}))
    await until(lambda: pair.owner.figures.sessions == 3)
    assert pair.owner.figures.refused == {550: 2, 451: 1}


def test_figures_of_several_listeners_are_added() -> None:
    both = added([ListenerFigures(1, 10, {550: 1}), ListenerFigures(2, 5, {550: 2, 421: 1})])
    assert both == ListenerFigures(3, 15, {550: 3, 421: 1})


async def test_each_message_gets_its_own_answer_whatever_the_order(pair: Pair) -> None:
    intake = SlowIntake()
    await pair.open(intake)
    accept = AskingIntake(pair.link, intake.open_body).accept
    answers = [asyncio.ensure_future(accept(submission(InlineBody(b"x"), name))) for name in ("a", "b")]
    await until(lambda: len(intake.waiting) == 2)
    assert [each.envelope.recipients[0].address for each in intake.submissions] == ["a@b.example", "b@b.example"]
    intake.waiting[1].set_result(reply(452, "4.3.1", "disk full"))
    assert (await answers[1]).code == 452
    assert not answers[0].done(), "no 250 before the commit"
    intake.waiting[0].set_result(QUEUED)
    assert await answers[0] == QUEUED


async def test_a_process_serves_once_it_says_so(pair: Pair) -> None:
    await pair.open(RecordingIntake())
    assert not pair.owner.serves
    pair.link.hello()
    await until(lambda: pair.owner.serves)


async def test_logins_are_the_owners(pair: Pair) -> None:
    await pair.open(RecordingIntake())
    assert await pair.link.authenticate("alice@example.org", b"secret", CLIENT) == ALICE
    assert await pair.link.authenticate("alice@example.org", b"wrong", CLIENT) is AuthFailure.THROTTLED


async def test_room_is_the_owners_and_a_fault_of_its_is_temporary(pair: Pair) -> None:
    await pair.open(RecordingIntake())
    assert await pair.link.room(ALICE, 2, 1) == 3
    refusal = pair.room.says = Refuse(reply(450, "4.7.1", "enough"))
    assert await pair.link.room(ALICE, 0, 0) == refusal
    pair.room.says = ValueError("a fault")
    found = await pair.link.room(ALICE, 0, 0)
    assert isinstance(found, Refuse)
    assert found.reply.code == 451
    assert pair.room.asked[0] == (ALICE.label, 2, 1)


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_fault_of_the_intake_is_temporary_and_the_next_message_goes_on(pair: Pair, at_once: bool) -> None:
    await pair.open(BrokenIntake(at_once=at_once))
    for _ in range(2):
        assert (await pair.link.accept(submission(InlineBody(b"x")))).code == 451


async def test_a_client_that_has_gone_leaves_its_answer_to_nobody(pair: Pair) -> None:
    intake = SlowIntake()
    await pair.open(intake)
    gone, stays = (pair.link.accept(submission(InlineBody(b"x"))) for _ in range(2))
    gone.cancel()
    await until(lambda: len(intake.waiting) == 2)
    for each in intake.waiting:
        each.set_result(QUEUED)
    assert await stays == QUEUED


async def test_the_owner_reads_no_more_than_it_can_commit(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "MAX_OCTETS", 200_000)
    intake = SlowIntake()
    await pair.open(intake)
    answers = [pair.link.accept(submission(InlineBody(bytes(60_000)))) for _ in range(60)]
    await until(lambda: pair.owner._paused)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(intake.waiting) < 20, "one reading beyond the bound at most"
    async with asyncio.timeout(10):
        for each in answers:
            while not each.done():
                intake.commit()
                await asyncio.sleep(0)
    assert len(intake.submissions) == 60


async def test_what_a_dead_process_had_offered_is_committed_all_the_same(pair: Pair) -> None:
    intake = SlowIntake()
    await pair.open(intake)
    lost = pair.link.accept(submission(InlineBody(b"x")))
    await until(lambda: intake.waiting)
    pair.kill_sessions()
    await pair.gone.wait()
    await until(lambda: pair.owner._lost)
    assert not pair.owner.ended.is_set(), "its files may still be needed"
    intake.waiting[0].set_result(QUEUED)
    await pair.owner.ended.wait()
    assert not lost.done()


async def test_orders_come_in_their_order_and_the_owners_end_is_told(pair: Pair) -> None:
    await pair.open(RecordingIntake())
    pair.owner.say(Reload())
    pair.owner.say(Stop(0.5))
    assert pair.owner._writer is not None
    pair.owner._writer.close()
    await pair.gone.wait()
    assert pair.told == [Reload(), Stop(0.5)]
    pair.owner.say(Reload())  # lost, and no fault
