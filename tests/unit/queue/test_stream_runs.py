"""Streams while they run: paused, stopped, given another text; what is leased then, and what its letters say."""

import json
from pathlib import Path

import pytest
from fakes.queue_room import QueueRoom
from hypothesis import given, strategies as st
from youtong.mta.outcome import Deferred, Outcome, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.contents.content import Personal, StoredContent
from youtong.queue.contents.template import TemplateContent
from youtong.queue.contents.template_head import TemplateFault, checked_template
from youtong.queue.pace.suspensions import Suspensions
from youtong.queue.signed_address import AddressKey, AddressSigner, TokenKind
from youtong.queue.states import RecipientState
from youtong.queue.storage import stream_rows
from youtong.queue.streams.enqueueing import BATCH, BadRecipient
from youtong.queue.streams.stopping import Stopping
from youtong.queue.streams.stream_states import TABLE, RunState, StreamEvent, StreamIsStopped, follow
from youtong.queue.streams.streams import NewStream, StreamRecipient, Streams
from youtong.queue.transactions import Leased

HEAD = b"From: News <news@example.org>\r\nSubject: Dear {{name|friend}}\r\n\r\n"
NEW = NewStream(7, "spring", "news@example.org", HEAD, b"Hello {{ name }}!\r\n", 3 * 86_400_000)
AFTER_DOT = Deferred(Stage.FINAL_DOT, Scope.MESSAGE, reply(451, "4.3.0", "later"))
BEFORE_DOT = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(450, "4.2.1", "later"))


def people(*numbers: int) -> list[StreamRecipient]:
    return [StreamRecipient(f"k{number}", f"b{number}@example.com", {"name": f"B{number}"}) for number in numbers]


def streams_of(room: QueueRoom) -> Streams:
    """As the dispatcher wires them: with the book that leasing asks."""
    book = room.leasing.book
    return Streams(
        room.commits,
        room.store,
        room.loader.notice_due,
        room.clock,
        book,
        room.leasing.revisions,
        Stopping(room.commits, room.store, book, room.clock),
    )


# -- the table


@pytest.mark.parametrize("state", RunState)
@pytest.mark.parametrize("event", StreamEvent)
def test_a_stopped_stream_has_no_way_back(state: RunState, event: StreamEvent) -> None:
    if event in TABLE[state]:
        assert (follow(state, event) is RunState.STOPPED) == (event is StreamEvent.STOP)
    else:
        assert state is RunState.STOPPED
        with pytest.raises(StreamIsStopped):
            follow(state, event)


# -- pausing and stopping


async def test_nothing_of_a_paused_stream_is_leased_and_all_of_it_when_it_is_resumed(room: QueueRoom) -> None:
    streams = streams_of(room)
    stream = await streams.make(NEW)
    await streams.change(stream, StreamEvent.PAUSE, "wrong price", "anna")
    await streams.enqueue(stream, people(1, 2))
    assert await room.load() == []
    row = await streams.change(stream, StreamEvent.RESUME)
    assert row.run_state is RunState.RUNNING
    room.loader.start_over()
    assert len(await room.load()) == 2


async def test_who_paused_a_stream_and_why_outlives_a_restart(room: QueueRoom) -> None:
    stream = await streams_of(room).make(NEW)
    await streams_of(room).change(stream, StreamEvent.PAUSE, "wrong price", "anna")
    book = Suspensions(room.clock)
    after = Streams(room.commits, room.store, room.loader.notice_due, room.clock, book)
    await after.at_start()
    (found,) = book.in_force()
    assert (found.subject, found.reason, found.who) == (str(stream), "wrong price", "anna")


async def test_whoever_waits_of_a_stopped_stream_is_cancelled_and_nobody_joins(room: QueueRoom) -> None:
    streams = streams_of(room)
    stream = await streams.make(NEW)
    await streams.enqueue(stream, people(*range(700)))
    row = await streams.change(stream, StreamEvent.STOP, "wrong audience", "anna")
    stopping = Stopping(room.commits, room.store, room.leasing.book, room.clock)  # as after a restart
    stopping.begin(row)
    await stopping.walk_all()
    assert set(room.states().values()) == {RecipientState.CANCELLED}
    (facts,) = {(fact.facts.reason, fact.facts.who) for fact in room.journal("b3@example.com")}
    assert facts == ("wrong audience", "anna")
    assert await room.commits.submit(stream_rows.halted) == []
    with pytest.raises(StreamIsStopped):
        await streams.enqueue(stream, people(1000))


async def test_nobody_joins_a_stream_whose_time_is_over(room: QueueRoom) -> None:
    streams = streams_of(room)
    stream = await streams.make(NEW)
    room.clock.advance(3 * 86_400 + 1)
    with pytest.raises(StreamIsStopped):
        await streams.enqueue(stream, people(1))


# -- many at once


async def test_a_chunk_of_many_batches_is_counted_whether_new_known_or_twice_in_it(room: QueueRoom) -> None:
    streams = streams_of(room)
    stream = await streams.make(NEW)
    numbers = [*range(BATCH + 250), 3, 4]
    assert await streams.enqueue(stream, people(*numbers)) == BATCH + 250
    assert await streams.enqueue(stream, people(*range(BATCH), 5000)) == 1
    row = await streams.stream(stream)
    assert (row.enqueued, row.waiting) == (BATCH + 251, BATCH + 251)
    assert len(room.states()) == BATCH + 251


async def test_a_bad_address_is_told_by_its_place_and_nothing_of_its_chunk_is_kept(room: QueueRoom) -> None:
    streams = streams_of(room)
    stream = await streams.make(NEW)
    chunk = [*people(*range(BATCH + 5)), StreamRecipient("bad", "bad@-example.com")]
    with pytest.raises(BadRecipient) as caught:
        await streams.enqueue(stream, chunk)
    assert caught.value.at == BATCH + 5
    assert room.states() == {}


# -- revisions


def content_of(leased: Leased) -> int:
    return leased.parcel().content_id


async def attempt(room: QueueRoom, outcome: Outcome) -> Leased:
    (leased,) = await room.load()
    await room.finish(leased, outcome)
    return leased


async def test_who_is_ready_already_gets_the_newest_text(room: QueueRoom) -> None:
    streams = streams_of(room)
    stream = await streams.make(NEW)
    await streams.enqueue(stream, people(1))
    revision = await streams.revise(stream, HEAD, b"Corrected.\r\n", "anna")
    (leased,) = await room.load()
    assert leased.content is None or leased.content.body == b"Corrected.\r\n"
    assert content_of(leased) == revision.content_id
    assert revision.number == 2


async def retry(room: QueueRoom) -> Leased:
    room.clock.advance(86_400)
    room.loader.start_over()
    (leased,) = await room.load()
    return leased


async def test_who_reached_a_final_dot_keeps_its_text_and_others_get_the_new_one(room: QueueRoom) -> None:
    streams = streams_of(room)
    stream = await streams.make(NEW)
    await streams.enqueue(stream, people(1))
    await attempt(room, BEFORE_DOT)
    await streams.revise(stream, HEAD, b"Second.\r\n")
    second = await retry(room)
    assert content_of(second) != stream
    await room.finish(second, AFTER_DOT)
    await streams.revise(stream, HEAD, b"Third.\r\n")
    again = await retry(room)
    assert content_of(again) == content_of(second)
    assert again.content is not None
    assert again.content.body == b"Second.\r\n"


async def test_the_date_of_a_retry_is_that_of_the_first_attempt(room: QueueRoom) -> None:
    streams = streams_of(room)
    await streams.enqueue(await streams.make(NEW), people(1))
    first = await attempt(room, BEFORE_DOT)
    second = await retry(room)
    await room.finish(second, BEFORE_DOT)
    third = await retry(room)
    assert first.parcel().date_ms == second.parcel().date_ms == third.parcel().date_ms > 0


async def test_a_new_texts_number_is_not_given_to_a_message_after_a_restart(room: QueueRoom) -> None:
    streams = streams_of(room)
    revision = await streams.revise(await streams.make(NEW), HEAD, b"Corrected.\r\n")
    kept = room.db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone()[0]
    assert kept == revision.content_id


def test_the_table_of_revisions_has_no_way_to_change_one() -> None:
    verbs = [name for name in dir(stream_rows) if "revision" in name.lower()]
    assert not [name for name in verbs if name.startswith(("update", "set", "change"))]


# -- the letter


def signer() -> AddressSigner:
    return AddressSigner([AddressKey(1, 0, b"s" * 32)])


def letter(folder: Path, personal: Personal, head: bytes = HEAD) -> tuple[bytes, bytes]:
    stored = checked_template(head, b"Hello {{name|you}}!\r\n")
    content = StoredContent(1, "template", stored, b"Hello {{name|you}}!\r\n", None)  # pyright: ignore[reportArgumentType]
    made = TemplateContent(folder, signer()).render(content, personal)
    return made.head, made.body


def test_a_letter_has_its_own_date_and_a_message_id_that_names_its_recipient(tmp_path: Path) -> None:
    head, _ = letter(tmp_path, Personal('{"name":"Bob"}', "b@example.com", 42, 1_700_000_000_000))
    name = signer().token(TokenKind.MESSAGE, 42).encode()
    assert head.startswith(
        b"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: <" + name + b"@example.org>\r\nFrom: News"
    )
    assert b"To: <b@example.com>\r\n" in head


def test_a_retry_has_the_same_octets_in_another_process(tmp_path: Path) -> None:
    personal = Personal('{"name":"安娜"}', "b@example.com", 42, 1_700_000_000_000)
    assert letter(tmp_path, personal) == letter(tmp_path, personal)


@given(st.text(max_size=60))
def test_the_head_of_a_letter_is_ascii_and_no_value_adds_a_field(value: str) -> None:
    personal = Personal(fields_of(value), "b@example.com", 42, 1_700_000_000_000)
    head = HEAD.replace(b"\r\n\r\n", b"\r\nTo: {{name|x}} <{{address}}>\r\n\r\n")
    made, _ = letter(Path(), personal, head)
    plain, _ = letter(Path(), Personal("", "b@example.com", 42, 1_700_000_000_000), head)
    assert made.isascii()
    names = [line.partition(b":")[0] for line in made.split(b"\r\n") if line and line[:1] not in b" \t"]
    assert names == [line.partition(b":")[0] for line in plain.split(b"\r\n") if line and line[:1] not in b" \t"]


def fields_of(name: str) -> str:
    return json.dumps({"name": name})


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"From: {{sender}}\r\n\r\n", b"x\r\n"),
        (b"From: a@example.org\r\nContent-Transfer-Encoding: base64\r\n\r\n", b"eA==\r\n"),
        (b"From: a@example.org\n\n", b"x\r\n"),
        (b"From: a@example.org\r\n\r\n", b"x" * 1024 * 1024),
    ],
)
def test_a_template_that_makes_no_letters_is_refused(head: bytes, body: bytes) -> None:
    with pytest.raises(TemplateFault):
        checked_template(head, body)
