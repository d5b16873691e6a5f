"""Damaged rows: whoever no letter can be made for is set aside alone, and nobody beside it waits."""

import pytest
from fakes.queue_room import QueueRoom
from msgspec.structs import replace
from youtong.queue.damage import is_sound, restore_domains
from youtong.queue.journal import DAMAGED, Facts, JournalKind, decode_facts, kind_of
from youtong.queue.states import RecipientState
from youtong.queue.storage.rows import DueRow

_S = RecipientState


async def damage(room: QueueRoom, statement: str, *values: object) -> None:
    room.db.execute("PRAGMA ignore_check_constraints = ON")
    room.db.execute(statement, values)


def row_of(room: QueueRoom) -> DueRow:
    (row,) = room.store.waiting_rows([1])
    return row


@pytest.mark.parametrize(
    "changes",
    [{"mail_class": "x"}, {"body_type": ""}, {"address": "b"}, {"address": b"b@x"}, {"fields": b"{}"}, {"source": 7}],
    ids=str,
)
async def test_a_row_that_none_of_ours_can_be_is_told_from_a_sound_one(
    room: QueueRoom, changes: dict[str, object]
) -> None:
    await room.accept("b@example.com")
    row = row_of(room)
    assert is_sound(row)
    assert not is_sound(replace(row, **changes))  # pyright: ignore[reportArgumentType]


async def test_a_damaged_recipient_is_held_and_its_neighbours_leave(
    room: QueueRoom, caplog: pytest.LogCaptureFixture
) -> None:
    await room.accept("b@example.com")
    await room.accept("c@example.com")
    await damage(room, "UPDATE message SET mail_class = 'x' WHERE id = 1")
    (leased,) = await room.load()
    assert leased.ready.recipients[0].address == "c@example.com"
    assert room.states() == {"b@example.com": _S.HELD, "c@example.com": _S.LEASED}
    assert room.journal("b@example.com")[-1].facts.reason == DAMAGED
    assert "a damaged row is held message=q0000001 recipient=1" in caplog.text


async def test_a_recipient_whose_message_is_gone_is_skipped(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    await damage(room, "DELETE FROM message")
    await room.load()
    await room.load()
    assert room.states() == {"b@example.com": _S.SKIPPED}


async def test_mail_of_a_flow_that_nobody_knows_is_held(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    await damage(room, "UPDATE recipient SET flow_id = 4711")
    await damage(room, "UPDATE backlog SET flow_id = 4711")
    await room.load()
    assert room.states() == {"b@example.com": _S.HELD}


async def test_a_domain_whose_row_is_gone_is_written_again_at_a_start(room: QueueRoom) -> None:
    await room.accept("b@Example.com")
    await damage(room, "DELETE FROM domain")
    await room.commits.submit(restore_domains)
    assert room.db.execute("SELECT name FROM domain").fetchall() == [("example.com",)]
    assert len(await room.load()) == 1


async def test_a_counter_that_is_too_small_hides_nobody(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    await room.accept("c@example.com")
    await damage(room, "UPDATE backlog SET waiting = 1")
    room.db.execute("UPDATE recipient SET next_ms = next_ms + 1000 WHERE id = 2")
    assert len(await room.load()) == 1
    room.clock.advance(60)
    assert len(await room.load()) == 1


def test_a_fact_that_cannot_be_read_says_so() -> None:
    assert decode_facts("no json") == decode_facts("[1]") == Facts(reason=DAMAGED)
    assert kind_of("nonsense") is JournalKind.RETURNED
