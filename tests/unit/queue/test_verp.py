"""Reverse-paths of ours on their way out: chosen when a letter is accepted, and then the same for ever."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.clock import FakeClock
from fakes.queue_room import QueueRoom
from youtong.mta.delivery.egress import LaneLimits
from youtong.mta.delivery.job import Job, JobRecipient
from youtong.mta.outcome import Deferred, Delivered, Failed, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.contents.content import ContentKind, ContentKinds, StoredContent
from youtong.queue.protocol import Handover, JobParcel, LaneKey, LaneSettings
from youtong.queue.return_paths import ReturnPath, WhyKept
from youtong.queue.signed_address import AddressKey, AddressSigner, TokenKind
from youtong.queue.streams.enqueueing import StreamRecipient
from youtong.queue.streams.feedback_ids import FeedbackIds, stream_in
from youtong.queue.streams.stream_states import RunState, StreamEvent
from youtong.queue.streams.streams import NewStream, NoWayBack, Streams
from youtong.queue.streams.way_back import NO_WAY_BACK, WayBackWatch
from youtong.queue.workers.marks import MarkFile
from youtong.queue.workers.worker import Worker
from youtong.queue.workers.workerjob import ContentMaker

OURS = "shop.example"
SIGNER = AddressSigner([AddressKey(1, 0, b"s" * 32)])
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later"))
NO = Failed(Stage.RCPT, Scope.RECIPIENT, reply(550, "5.1.1", "nobody"))
YES = Delivered(reply(250, "2.0.0", "ok"))
NEW = NewStream(7, "spring", "given@shop.example", b"From: <news@shop.example>\r\n\r\n", b"Hello\r\n", 86_400_000)
ELSEWHERE = ReturnPath(kept=WhyKept.ELSEWHERE)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[QueueRoom]:
    """Where bounces to the shop come to us."""
    made = await QueueRoom(tmp_path).open()
    made.return_paths.answers[OURS] = ReturnPath(OURS)
    yield made
    await made.close()


async def accept(room: QueueRoom, *to: str, **options: object) -> None:
    given = {"mail_class": "transactional", "reverse_path": "given@other.example", "author_domain": OURS}
    assert (await room.accept(*to, **given | options)).code == 250


def message(room: QueueRoom) -> tuple[object, ...]:
    return room.db.execute("SELECT reverse_path, verp_domain, path_kept FROM message ORDER BY id DESC").fetchone()


async def test_each_recipient_of_a_program_has_a_transaction_and_an_address(room: QueueRoom) -> None:
    await accept(room, "a@one.example", "b@one.example", "c@two.example")
    parcels = [leased.parcel() for leased in await room.load()]
    assert [len(parcel.recipients) for parcel in parcels] == [1, 1, 1]
    assert {parcel.verp_domain for parcel in parcels} == {OURS}
    assert message(room) == ("given@other.example", OURS, "")


async def test_a_program_whose_route_is_known_starts_at_once_with_its_address(room: QueueRoom) -> None:
    await accept(room, "a@one.example")
    await room.load()
    await accept(room, "b@one.example")
    await room.idle()
    assert [leased.parcel().verp_domain for leased in room.fleet.take()] == [OURS]


async def test_what_was_chosen_holds_for_every_retry(room: QueueRoom) -> None:
    await accept(room, "a@one.example")
    [first] = await room.load()
    await room.finish(first, LATER)
    room.return_paths.answers[OURS] = ELSEWHERE
    room.clock.advance(3600)
    [again] = await room.load()
    assert again.parcel().verp_domain == first.parcel().verp_domain == OURS
    assert again.parcel().recipients == first.parcel().recipients


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"mail_class": "people"}, ""),
        ({"reverse_path": ""}, "null"),
        ({"author_domain": "elsewhere.example"}, "mx-elsewhere"),
    ],
)
async def test_others_keep_what_they_gave_and_why_is_written_down(
    options: dict[str, object], kept: str, room: QueueRoom
) -> None:
    room.return_paths.answers["elsewhere.example"] = ELSEWHERE
    await accept(room, "a@one.example", "b@one.example", **options)
    [leased] = await room.load()
    given = str(options.get("reverse_path", "given@other.example"))
    assert (leased.parcel().reverse_path, leased.parcel().verp_domain) == (given, "")
    assert message(room) == (given, "", kept)


async def test_nobody_asks_about_peoples_letters(room: QueueRoom) -> None:
    await accept(room, "a@one.example", mail_class="people")
    assert room.return_paths.asked == []


async def test_a_letter_waits_for_the_look_up_of_its_domain_and_is_then_accepted(room: QueueRoom) -> None:
    answer = room.return_paths.answers[OURS] = asyncio.get_running_loop().create_future()
    accepting = asyncio.ensure_future(accept(room, "a@one.example"))
    await asyncio.sleep(0)
    assert room.states() == {}
    answer.set_result(ReturnPath(OURS))
    await accepting
    assert message(room)[1] == OURS


async def test_a_look_up_that_breaks_is_temporary_to_the_client(room: QueueRoom) -> None:
    answer = room.return_paths.answers[OURS] = asyncio.get_running_loop().create_future()
    answer.set_exception(RuntimeError("a fault of ours"))
    said = await room.accept("a@one.example", mail_class="transactional", author_domain=OURS)
    assert said.code == 451
    assert room.states() == {}


async def test_the_flow_is_of_the_domain_that_receivers_see(room: QueueRoom) -> None:
    await accept(room, "a@one.example")
    [leased] = await room.load()
    assert leased.ready.sender_domain == OURS


async def test_a_next_hop_is_not_told_which_notices_were_asked_for_since_they_come_to_us(room: QueueRoom) -> None:
    await accept(room, "a@one.example", notify="SUCCESS,FAILURE")
    [leased] = await room.load()
    assert leased.parcel().recipients[0].notify == ""
    await room.finish(leased, YES)
    assert room.told[0].owes_notice, "so the notice that it was passed on is ours to send"


@pytest.mark.parametrize(("notify", "owed"), [("FAILURE", True), ("NEVER", False), ("", False)])
async def test_a_program_hears_at_the_path_it_gave_only_what_it_asked_for(
    notify: str, owed: bool, room: QueueRoom
) -> None:
    await accept(room, "a@one.example", notify=notify)
    [leased] = await room.load()
    await room.finish(leased, NO)
    assert room.told[0].owes_notice is owed
    if owed:
        (message_id,) = room.notices._since
        await room.notices._try(message_id)  # its time has come
        assert "given@other.example" in room.states()


def test_a_worker_makes_the_address_of_the_recipients_number(tmp_path: Path) -> None:
    lane = _Lane()
    marks, clock = MarkFile(tmp_path / "marks"), FakeClock()
    maker = ContentMaker(ContentKinds({}), None, marks)  # type: ignore[arg-type] - nothing is rendered here
    worker = Worker(lambda _: None, lambda *_: lane, maker, marks, clock, SIGNER.verp)  # type: ignore[arg-type, return-value]
    key = LaneKey("p", "s")
    recipient = (JobRecipient(4711, "a@one.example"),)
    jobs = [
        JobParcel(1, key, "mx", 1, "given@other.example", recipient, "7BIT", False, "", "", 9, False, verp_domain=OURS),
        JobParcel(2, key, "mx", 1, "given@other.example", recipient, "7BIT", False, "", "", 9, False),
    ]
    content = StoredContent(1, ContentKind.SUBMITTED, b"\r\n", b"", None)
    worker.take(Handover([LaneSettings(key, "", "ehlo", LaneLimits(), 0)], {"mx": ()}, [content], jobs))
    assert [job.reverse_path for job in lane.jobs] == [f"{SIGNER.verp(4711)}@{OURS}", "given@other.example"]


class _Lane:
    limits = LaneLimits()

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def submit(self, job: Job) -> None:
        self.jobs.append(job)


# -- streams


def streams_of(room: QueueRoom) -> Streams:
    return Streams(
        room.commits,
        room.store,
        room.loader.notice_due,
        room.clock,
        room.leasing.book,
        room.leasing.revisions,
        return_paths=room.return_paths,
        feedback_id=FeedbackIds(SIGNER, "mx.house.example").value,
    )


async def test_a_streams_letters_have_the_authors_domain_also_after_it_leads_elsewhere(room: QueueRoom) -> None:
    streams = streams_of(room)
    stream = await streams.make(NEW)
    await streams.enqueue(stream, [StreamRecipient("1", "a@one.example"), StreamRecipient("2", "b@one.example")])
    room.return_paths.answers[OURS] = ELSEWHERE
    parcels = [leased.parcel() for leased in await room.load()]
    assert [(parcel.verp_domain, len(parcel.recipients)) for parcel in parcels] == [(OURS, 1)] * 2


async def test_a_stream_whose_bounces_would_be_lost_is_not_made(room: QueueRoom) -> None:
    room.return_paths.answers[OURS] = ELSEWHERE
    with pytest.raises(NoWayBack) as lost:
        await streams_of(room).make(NEW)
    assert (lost.value.domain, lost.value.why) == (OURS, WhyKept.ELSEWHERE)
    assert room.db.execute("SELECT count(*) FROM stream").fetchone() == (0,)


async def test_a_paused_one_is_made_and_starts_when_its_mx_leads_here(room: QueueRoom) -> None:
    streams = streams_of(room)
    room.return_paths.answers[OURS] = ELSEWHERE
    stream = await streams.make(_paused())
    with pytest.raises(NoWayBack):
        await streams.enqueue(stream, [StreamRecipient("1", "a@one.example")])
    with pytest.raises(NoWayBack):
        await streams.change(stream, StreamEvent.RESUME)
    assert (await streams.stream(stream)).run_state is RunState.PAUSED
    room.return_paths.answers[OURS] = ReturnPath(OURS)
    await streams.enqueue(stream, [StreamRecipient("1", "a@one.example")])
    assert (await streams.change(stream, StreamEvent.RESUME)).run_state is RunState.RUNNING


async def test_it_may_be_paused_and_stopped_wherever_its_mx_leads(room: QueueRoom) -> None:
    streams = streams_of(room)
    stream = await streams.make(NEW)
    room.return_paths.answers[OURS] = ELSEWHERE
    await streams.change(stream, StreamEvent.PAUSE)
    assert (await streams.change(stream, StreamEvent.STOP)).run_state is RunState.STOPPED


@pytest.mark.parametrize("answer", [ELSEWHERE, ReturnPath(OURS)])
async def test_whoever_asks_for_the_path_that_was_given_gets_it(answer: ReturnPath, room: QueueRoom) -> None:
    room.return_paths.answers[OURS] = answer
    stream = await streams_of(room).make(_keeping())
    await streams_of(room).enqueue(stream, [StreamRecipient("1", "a@one.example")])
    [leased] = await room.load()
    assert (leased.parcel().reverse_path, leased.parcel().verp_domain) == ("given@shop.example", "")
    assert message(room)[2] == "asked"


async def test_an_account_that_switched_verp_off_keeps_what_it_gives(room: QueueRoom) -> None:
    room.return_paths.answers[OURS] = ReturnPath(kept=WhyKept.SWITCHED_OFF)
    await streams_of(room).make(NEW)
    assert message(room) == ("given@shop.example", "", "switched-off")


def _paused() -> NewStream:
    return NewStream(7, "s", NEW.reverse_path, NEW.head, NEW.body, NEW.lifetime_ms, is_paused=True)


def _keeping() -> NewStream:
    return NewStream(7, "s", NEW.reverse_path, NEW.head, NEW.body, NEW.lifetime_ms, keeps_path=True)


@pytest.mark.parametrize(
    ("answer", "pauses"), [(ELSEWHERE, True), (ReturnPath(kept=WhyKept.UNKNOWN), False), (ReturnPath(OURS), False)]
)
async def test_a_running_stream_whose_bounces_come_no_more_is_paused_but_not_for_silent_name_servers(
    answer: ReturnPath, pauses: bool, room: QueueRoom
) -> None:
    streams = streams_of(room)
    stream = await streams.make(NEW)
    await streams.enqueue(stream, [StreamRecipient("1", "a@one.example")])
    room.return_paths.answers[OURS] = answer
    await WayBackWatch(room.commits, room.return_paths, streams.hold).look()
    row = await streams.stream(stream)
    assert (row.run_state is RunState.PAUSED, row.reason) == ((True, NO_WAY_BACK) if pauses else (False, ""))


async def test_a_stream_of_which_nobody_waits_is_left_alone(room: QueueRoom) -> None:
    streams = streams_of(room)
    stream = await streams.make(NEW)
    room.return_paths.answers[OURS] = ELSEWHERE
    await WayBackWatch(room.commits, room.return_paths, streams.hold).look()
    assert (await streams.stream(stream)).run_state is RunState.RUNNING


# -- Feedback-ID


async def test_every_text_of_a_stream_names_it_and_a_template_keeps_the_name_it_has(room: QueueRoom) -> None:
    streams = streams_of(room)
    stream = await streams.make(NEW)
    own = NEW.head.replace(b"\r\n\r\n", b"\r\nFeedback-ID: a:b:c:mine-own\r\n\r\n")
    await streams.revise(stream, NEW.head, b"Second\r\n")
    await streams.revise(stream, own, b"Third\r\n")
    heads = [head for (head,) in room.db.execute("SELECT head FROM content ORDER BY id")]
    named = [head.decode().partition("Feedback-ID: ")[2].partition("\r\n")[0] for head in heads]
    assert [stream_in(each, SIGNER) for each in named] == [stream, stream, None]
    assert named[2] == "a:b:c:mine-own"
    assert len({each.split(":")[3] for each in named[:2]}) == 1


def test_a_feedback_id_that_we_did_not_make_names_no_stream() -> None:
    mine = FeedbackIds(SIGNER, "mx.house.example").value(7, 12)
    first, account, token, installation = mine.split(":")
    assert stream_in(mine.upper(), SIGNER) == 12
    assert 5 <= len(installation) <= 15
    other = SIGNER.token(TokenKind.MESSAGE, 12)
    forged = [
        "",
        "::::",
        first,
        f"{first}:{account}:{other}:{installation}",
        f"{first}:{account}:{token[:-1]}a:x",
        "é:é:é:é",
    ]
    assert [stream_in(each, SIGNER) for each in forged] == [None] * len(forged)
