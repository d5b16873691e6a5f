"""Expiry: whatever somebody waits for, the message's time ends it; the walk is in pages and not done twice."""

import pytest
from fakes.queue_ports import LIFETIME_MS
from fakes.queue_room import QueueRoom
from youtong.mta.outcome import Deferred, Delivered, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue import expiry as expiry_module
from youtong.queue.expiry import Expiry
from youtong.queue.states import RecipientState

_S = RecipientState
AGE_SECONDS = LIFETIME_MS / 1000
DELIVERED = Delivered(reply(250, "2.0.0", "ok"))
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later"))


async def test_many_recipients_of_one_message_end_page_by_page(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry_module, "_ROWS", 7)
    await room.accept(*[f"b{number}@example.com" for number in range(50)])
    room.clock.advance(AGE_SECONDS + 1)
    await room.expiry.turn()
    assert set(room.states().values()) == {_S.EXPIRED}
    assert room.db.execute("SELECT count(*) FROM backlog").fetchone() == (0,)


async def test_nobody_ends_a_moment_too_soon(room: QueueRoom) -> None:
    await room.accept("b@example.com", "c@example.com", hold="why")
    room.clock.advance(AGE_SECONDS - 1)
    await room.expiry.turn()
    assert set(room.states().values()) == {_S.HELD}


async def test_one_that_is_being_attempted_ends_when_that_is_over(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    room.clock.advance(AGE_SECONDS + 1)
    await room.expiry.turn()
    assert room.states() == {"b@example.com": _S.LEASED}
    room.clock.advance(60)
    await room.finish(leased, LATER)
    await room.expiry.turn()
    assert room.states() == {"b@example.com": _S.EXPIRED}


async def test_a_delivery_after_the_time_is_a_delivery(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    room.clock.advance(AGE_SECONDS + 1)
    await room.expiry.turn()
    await room.finish(leased, DELIVERED)
    await room.expiry.turn()
    assert room.states() == {"b@example.com": _S.DELIVERED}


async def test_a_new_owner_goes_on_where_the_old_one_was(room: QueueRoom) -> None:
    for number in range(5):
        await room.accept(f"b{number}@example.com")
    room.clock.advance(AGE_SECONDS + 60)
    await room.accept("late@example.com")
    await room.expiry.turn()
    walked: list[object] = []
    room.db.set_trace_callback(lambda text: walked.append(text) if "FROM recipient WHERE message_id" in text else None)
    await Expiry(room.commits, room.store, room.endings, room.clock).turn()
    room.db.set_trace_callback(None)
    assert walked == []
    room.clock.advance(AGE_SECONDS)
    await room.expiry.turn()
    assert room.states()["late@example.com"] is _S.EXPIRED


async def test_after_the_clock_was_set_back_shorter_lives_still_end_in_time(room: QueueRoom) -> None:
    await room.accept("b@example.com", hold="why")
    room.clock.advance(AGE_SECONDS + 1)
    await room.expiry.turn()
    room.clock.jump(-AGE_SECONDS)
    await room.accept("c@example.com", hold="why")
    room.db.execute("UPDATE message SET expires_ms = ? WHERE id = 2", (room.clock.now_ms() + 1000,))
    await room.expiry.turn()
    room.clock.advance(2)
    await room.expiry.turn()
    assert room.states()["c@example.com"] is _S.EXPIRED


async def test_the_walk_uses_its_indexes(room: QueueRoom) -> None:
    for query in (
        "SELECT expires_ms, id FROM message WHERE expires_ms <= 9 AND (expires_ms, id) > (1, 2)"
        " ORDER BY expires_ms, id LIMIT 5",
        "SELECT id, state FROM recipient WHERE message_id = 1 AND id > 1 ORDER BY id LIMIT 5",
    ):
        plan = str(room.db.execute(f"EXPLAIN QUERY PLAN {query}").fetchall())
        assert "SEARCH" in plan, plan
        assert "TEMP B-TREE" not in plan, plan
