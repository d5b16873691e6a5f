"""Reading the queue: what is found by address, message, and state, and that no query walks more than it shows."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.queue_room import QueueRoom
from youtong.mta.outcome import Deferred, Delivered, Peer, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.journal import JournalKind
from youtong.queue.operators.operations import Selection, operate
from youtong.queue.reading import NoQueue, QueueReader, Wanted, reading
from youtong.queue.states import RecipientState
from youtong.queue.storage import reads
from youtong.queue.storage.database import StorageError

LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(450, "4.2.0", "later"), peer=Peer("mx.b.example", "192.0.2.1"))


@pytest.fixture
def reader(room: QueueRoom) -> Iterator[QueueReader]:
    """Beside the owner, on a connection of its own."""
    with reading(room.folder) as made:
        yield made


async def test_letters_to_an_address_are_found_newest_first_in_any_case(room: QueueRoom, reader: QueueReader) -> None:
    await room.accept("Bob@B.example")
    await room.accept("other@b.example", "bob@b.example")
    found = reader.at_address("BOB@b.EXAMPLE", 10)
    assert [(row.message_id, row.address) for row in found] == [(2, "bob@b.example"), (1, "Bob@B.example")]
    assert [row.message_id for row in reader.at_address("bob@b.example", 1)] == [2]
    assert reader.at_address("nobody@b.example", 10) == []


async def test_an_internationalised_domain_is_found_by_its_name_and_by_its_a_label(
    room: QueueRoom, reader: QueueReader
) -> None:
    await room.accept("bob@xn--bcher-kva.example")
    assert len(reader.at_address("bob@bücher.example", 10)) == 1
    assert len(reader.at_address("bob@xn--bcher-kva.example", 10)) == 1


async def test_an_address_with_the_same_hash_is_not_taken_for_the_one_asked(room: QueueRoom) -> None:
    await room.accept("bob@b.example")
    room.db.execute("UPDATE recipient SET address = 'namesake@b.example'")  # as if crc32 had met itself
    with reading(room.folder) as reader:
        assert reader.at_address("bob@b.example", 10) == []


async def test_a_history_is_the_chain_of_its_recipient_alone_oldest_first(room: QueueRoom, reader: QueueReader) -> None:
    await room.accept("bob@b.example", "eve@b.example")
    for _ in range(3):
        (leased,) = await room.load()
        outcomes = (LATER, Delivered(reply(250, "2.0.0", "ok")))  # the second recipient is there only once
        await room.finish(leased, *outcomes[: len(leased.ready.recipients)])
        room.clock.advance(300)
    (bob,) = reader.at_address("bob@b.example", 10)
    history = reader.history(bob)
    assert [row.kind for row in history] == [JournalKind.DEFERRED] * 3
    assert [row.facts.attempt for row in history] == [1, 2, 3]
    assert {row.recipient_id for row in history} == {bob.id}
    assert [row.facts.attempt for row in reader.history(bob, limit=2)] == [2, 3]


async def test_a_recipient_nothing_happened_to_has_no_history(room: QueueRoom, reader: QueueReader) -> None:
    await room.accept("bob@b.example")
    (bob,) = reader.at_address("bob@b.example", 10)
    assert reader.history(bob) == []


async def test_a_message_is_read_with_its_head_and_pages_of_recipients(room: QueueRoom, reader: QueueReader) -> None:
    await room.accept(*(f"r{n}@b.example" for n in range(5)))
    message = reader.message(1)
    assert message is not None
    assert message.head.startswith(b"From: a@example.org")
    assert (message.reverse_path, message.account_id, message.is_notice) == ("a@example.org", 7, False)
    first = reader.of_message(1, 3)
    rest = reader.of_message(1, 3, after_id=first[-1].id)
    assert [row.address for row in first + rest] == [f"r{n}@b.example" for n in range(5)]
    assert reader.message(99) is None


async def test_a_listing_shows_leased_then_held_then_scheduled_soonest_first(
    room: QueueRoom, reader: QueueReader
) -> None:
    await room.accept("later@b.example")
    (leased,) = await room.load()
    await room.finish(leased, LATER)
    await room.accept("held@c.example", hold="why not")
    await room.accept("leased@d.example")
    await room.load()
    await room.accept("due@e.example")
    listed = [row.address for row in reader.listed(Wanted(), 10)]
    assert listed == ["leased@d.example", "held@c.example", "due@e.example", "later@b.example"]
    assert [row.address for row in reader.listed(Wanted(), 2)] == listed[:2]


async def test_a_listing_keeps_to_domain_account_and_state(room: QueueRoom, reader: QueueReader) -> None:
    await room.accept("one@b.example")
    await room.accept("two@c.example", hold="why not")
    assert [row.address for row in reader.listed(Wanted(domain="b.example"), 10)] == ["one@b.example"]
    assert [row.address for row in reader.listed(Wanted(domain="c.example"), 10)] == ["two@c.example"]
    assert [row.address for row in reader.listed(Wanted(state=RecipientState.HELD), 10)] == ["two@c.example"]
    assert len(reader.listed(Wanted(account_id=7), 10)) == 2
    assert reader.listed(Wanted(account_id=8), 10) == []


async def test_letters_that_ended_are_listed_only_when_asked_for_newest_first(
    room: QueueRoom, reader: QueueReader
) -> None:
    await room.accept("one@b.example")
    await room.accept("two@b.example")
    await room.commits.submit(lambda _: operate(room.store, "cancel", Selection(), "", "me", room.clock.now_ms()))
    assert reader.listed(Wanted(), 10) == []
    cancelled = reader.listed(Wanted(state=RecipientState.CANCELLED), 10)
    assert [row.address for row in cancelled] == ["two@b.example", "one@b.example"]


async def test_an_open_reader_sees_what_was_committed_after_it_was_opened(room: QueueRoom, reader: QueueReader) -> None:
    assert reader.at_address("bob@b.example", 10) == []
    await room.accept("bob@b.example")
    assert len(reader.at_address("bob@b.example", 10)) == 1


async def test_a_reader_cannot_write(room: QueueRoom) -> None:
    with reading(room.folder) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._db.execute("DELETE FROM recipient")


def test_a_folder_without_a_queue_is_said_and_stays_without_one(tmp_path: Path) -> None:
    with pytest.raises(NoQueue), reading(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "queue.db").write_bytes(b"no database, but long enough to be looked at " * 50)
    with pytest.raises(StorageError), reading(tmp_path) as reader:
        reader.message(1)


def plan(db: sqlite3.Connection, query: str) -> list[str]:
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}", (1,) * query.count("?"))]


@pytest.mark.parametrize(
    ("query", "walk"),
    [
        (reads._AT_ADDRESS, "SEARCH of_run USING COVERING INDEX recipient_address"),
        (
            reads._BY_BACKLOG + "ORDER BY b.look_ms, b.domain_id, b.flow_id, r.next_ms, r.id",
            "SEARCH r USING INDEX recipient_due",
        ),
        (reads._JOINED + "WHERE r.state = 1 AND r.lease > 0 ORDER BY r.lease, r.id", "INDEX recipient_lease"),
        (reads._JOINED + "WHERE r.state = 2 ORDER BY r.next_ms, r.id", "SCAN r USING INDEX recipient_held"),
        (reads._CHAIN, "SEARCH j USING INTEGER PRIMARY KEY"),
    ],
)
async def test_a_query_walks_its_index_and_sorts_nothing(room: QueueRoom, query: str, walk: str) -> None:
    """Ten million may wait: a sort or a scan of the table would read them all for one screen."""
    steps = plan(room.db, query)
    assert any(walk in step for step in steps), steps
    assert not any("TEMP B-TREE" in step or step in ("SCAN r", "SCAN m", "SCAN d", "SCAN j") for step in steps), steps
