"""The archive: what ended long ago moves there whole, is found there, and is forgotten in the end."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from fakes.clock import FakeClock
from fakes.ended_mail import DAY_MS, NOW_MS, EndedMail
from youtong.queue.archive import finding
from youtong.queue.archive.archiving import Archiving, KeepTimes
from youtong.queue.inbound.inbound_store import InboundStore
from youtong.queue.journal import JournalKind
from youtong.queue.reading import reading
from youtong.queue.short_steps import ShortSteps
from youtong.queue.states import RecipientState
from youtong.queue.storage.wish_rows import Wish

FAR = 1 << 60


async def no_rest(seconds: float) -> None:
    pass


class Room:
    def __init__(self, folder: Path) -> None:
        self.mail = EndedMail(folder)
        self.folder = folder
        self.clock = FakeClock()
        self.clock.advance((NOW_MS - self.clock.now_ms()) / 1000)
        self.followed_seq = FAR
        steps = ShortSteps(self.mail.commits, no_rest)
        self.archiving = Archiving(folder, steps, self.followed, KeepTimes(), self.clock)

    async def followed(self) -> int:
        return self.followed_seq

    async def round(self) -> int:
        return await self.archiving.round()

    def archived(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.folder / "archive.db")) as db:
            return db.execute(sql).fetchall()


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    made = Room(tmp_path)
    yield made
    await made.mail.close()


async def test_an_ended_message_moves_with_its_recipients_and_their_histories(room: Room) -> None:
    message_id, _ = await room.mail.ended("x@y.test", "z@y.test")
    await room.mail.run("INSERT INTO deliver_by (message_id, seconds, by_mode) VALUES (?, 60, 'R')", message_id)
    assert await room.round() == 2
    for table in ("message", "recipient", "journal", "deliver_by"):
        assert room.mail.number(f"SELECT count(*) FROM {table}") == 0, table
    assert room.archived("SELECT address, state FROM recipient ORDER BY id") == [("x@y.test", 13), ("z@y.test", 13)]
    assert room.archived("SELECT kind FROM fact") == [("accepted",)]
    assert await room.round() == 0


async def test_what_moved_is_found_by_address_and_by_message_with_its_history(room: Room) -> None:
    message_id, (recipient_id,) = await room.mail.ended("X@y.test")
    with reading(room.folder) as reader:
        before = (reader.at_address("x@y.test", 10), reader.of_message(message_id, 10), reader.message(message_id))
        history = reader.history(before[0][0])
    await room.round()
    with reading(room.folder) as reader:
        (row,) = reader.at_address("x@y.test", 10)
        assert ([row], reader.of_message(message_id, 10), reader.message(message_id)) == before
        assert reader.history(row) == history
        assert [fact.kind for fact in history] == [JournalKind.HELD, JournalKind.CANCELLED]
        assert reader.of_message(message_id, 10, after_id=recipient_id) == []


async def test_the_address_that_a_late_bounce_comes_back_to_is_known_from_the_archive(room: Room) -> None:
    _, (recipient_id,) = await room.mail.ended("x@y.test")
    store = InboundStore(room.mail.commits, room.folder / "spool", room.clock, keep_days=1, keep_octets=1)
    before = await store.attempted_ms(recipient_id)
    assert await store.attempted_ms(recipient_id + 1) is None  # there is no archive yet
    await room.round()
    assert await store.attempted_ms(recipient_id) == before == NOW_MS - 10 * DAY_MS
    assert await store.attempted_ms(recipient_id + 1) is None


async def test_what_is_in_both_is_shown_once_as_the_queue_has_it(room: Room) -> None:
    message_id, _ = await room.mail.ended("x@y.test")
    page = room.archiving._find_and_put(finding.Place(), finding.Ripe(NOW_MS, FAR))  # and the process dies
    assert page.leaving()
    with reading(room.folder) as reader:
        assert len(reader.at_address("x@y.test", 10)) == len(reader.of_message(message_id, 10)) == 1
        assert reader.message(message_id) is not None
    assert await room.round() == 1
    assert room.archived("SELECT count(*) FROM recipient") == [(1,)]


@pytest.mark.parametrize("days_ago", [0, 6])
async def test_what_ended_lately_stays(room: Room, days_ago: int) -> None:
    await room.mail.ended("x@y.test", days_ago=days_ago)
    assert await room.round() == 0
    assert room.mail.number("SELECT count(*) FROM recipient") == 1


async def test_a_message_stays_whole_while_one_recipient_waits(room: Room) -> None:
    message_id, ids = await room.mail.message("x@y.test", "z@y.test")
    await room.mail.end(message_id, ids[0])
    assert await room.round() == 0
    await room.mail.end(message_id, ids[1])
    assert await room.round() == 2


async def test_what_is_owed_a_notice_stays_until_it_was_told(room: Room) -> None:
    message_id, (recipient_id,) = await room.mail.message("x@y.test")
    await room.mail.end(message_id, recipient_id, notice=1)
    assert await room.round() == 0
    await room.mail.run("UPDATE recipient SET notice = 2")
    assert await room.round() == 1


async def test_what_a_follower_has_not_read_stays(room: Room) -> None:
    await room.mail.ended("x@y.test")
    room.followed_seq = room.mail.number("SELECT max(seq) FROM journal") - 1
    assert await room.round() == 0
    room.followed_seq += 1
    assert await room.round() == 1


async def test_a_fact_written_between_reading_and_deleting_keeps_the_recipient(room: Room) -> None:
    _, (recipient_id,) = await room.mail.ended("x@y.test")
    find = room.archiving._find_and_put

    def find_and_then_something_happens(*asked: object) -> finding.Page:
        page = find(*asked)  # type: ignore[arg-type]
        if page.recipients:
            room.mail.db.execute("UPDATE recipient SET journal_seq = 77 WHERE id = ?", (recipient_id,))
        return page

    room.archiving._find_and_put = find_and_then_something_happens  # type: ignore[method-assign]
    await room.round()
    assert room.mail.number("SELECT count(*) FROM recipient") == 1
    assert room.mail.number("SELECT count(*) FROM message") == 1


async def test_a_wish_keeps_its_recipient(room: Room) -> None:
    _, (recipient_id,) = await room.mail.ended("x@y.test")
    await room.mail.commits.submit(lambda _: room.mail.store.wishes.keep(Wish(recipient_id, "hold", "", "me")))
    await room.round()
    assert room.mail.number("SELECT count(*) FROM recipient") == 1


async def test_a_message_goes_after_its_content_and_its_delay_watch(room: Room) -> None:
    message_id, (recipient_id,) = await room.mail.message("x@y.test")
    await room.mail.end(message_id, recipient_id)
    await room.mail.commits.submit(lambda _: room.mail.store.watch_delay(message_id))
    assert await room.round() == 1
    await room.mail.run("DELETE FROM content")
    await room.round()
    assert room.mail.number("SELECT count(*) FROM message") == 1
    await room.mail.run("DELETE FROM delay_watch")
    await room.round()
    assert room.mail.number("SELECT count(*) FROM message") == 0


async def test_recipients_of_a_stream_move_once_it_is_stopped_and_the_stream_stays(room: Room) -> None:
    message_id, ids = await room.mail.ended("x@y.test", "z@y.test", stream=True)
    assert await room.round() == 0  # a key that is enqueued again must still be known
    await room.mail.run("UPDATE stream SET run_state = 'stopped'")
    assert await room.round() == 2
    assert room.mail.number("SELECT count(*) FROM message") == 1
    with reading(room.folder) as reader:
        assert [row.id for row in reader.of_message(message_id, 10)] == ids
        assert [stream.id for stream in reader.streams(10)] == [message_id]


async def test_recipients_of_a_stream_move_once_nobody_can_join_it_for_its_deadline_is_long_over(room: Room) -> None:
    await room.mail.ended("x@y.test", days_ago=10, stream=True)
    room.clock.advance(1.9 * DAY_MS / 1000)  # its deadline was five days after it was made
    assert await room.round() == 0
    room.clock.advance(0.2 * DAY_MS / 1000)
    assert await room.round() == 1


async def test_many_recipients_move_page_by_page(room: Room) -> None:
    many = finding.PAGE_RECIPIENTS * 2 + 1
    await room.mail.ended(*(f"x{n}@y.test" for n in range(many)))
    await room.mail.ended(*(f"z{n}@y.test" for n in range(finding.PAGE_RECIPIENTS)))
    assert await room.round() == many + finding.PAGE_RECIPIENTS
    assert room.mail.number("SELECT count(*) FROM message") == 0
    assert room.archived("SELECT count(*) FROM message") == [(2,)]


async def test_the_walk_ends_at_the_first_young_message(room: Room) -> None:
    old, _ = await room.mail.ended("x@y.test")
    for _ in range(3):
        await room.mail.message("x@y.test", days_ago=1)
    page = finding.find_page(room.mail.db, finding.Place(), finding.Ripe(NOW_MS - 7 * DAY_MS, FAR))
    assert ([each.id for each in page.messages], page.place) == ([old], None)


async def test_facts_about_no_recipient_move_in_the_order_of_the_journal(room: Room) -> None:
    await room.mail.message("x@y.test", days_ago=20)
    await room.mail.message("x@y.test", days_ago=1)
    await room.round()
    assert room.archived("SELECT kind FROM fact") == [("accepted",)]
    assert room.mail.number("SELECT count(*) FROM journal WHERE kind = 'accepted'") == 1


async def test_what_ended_very_long_ago_is_forgotten(room: Room) -> None:
    await room.mail.ended("x@y.test", days_ago=10)
    await room.round()
    room.clock.advance(390 * DAY_MS / 1000 - 60)
    await room.round()
    assert room.archived("SELECT count(*) FROM recipient") == [(1,)]
    room.clock.advance(120)
    await room.round()
    for table in ("recipient", "message", "fact"):
        assert room.archived(f"SELECT count(*) FROM {table}") == [(0,)], table


async def test_the_archive_keeps_states_that_a_reader_knows(room: Room) -> None:
    await room.mail.ended("x@y.test")
    await room.round()
    with reading(room.folder) as reader:
        assert reader.at_address("x@y.test", 1)[0].state is RecipientState.CANCELLED
