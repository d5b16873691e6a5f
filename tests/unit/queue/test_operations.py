"""What an operator does to waiting mail: exactly what was selected, with who asked, and nothing that is leased."""

import pytest
from fakes.queue_room import QueueRoom
from youtong.mta.outcome import Deferred, Scope, Stage
from youtong.queue.operations import Operated, Selection, flush, operate, selection_sql
from youtong.queue.states import RecipientState

_S = RecipientState
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, None, "later")


async def do(room: QueueRoom, verb: str, selection: Selection | None = None) -> Operated:
    now_ms = room.clock.now_ms()
    return await room.commits.submit(
        lambda _: operate(room.store, verb, selection or Selection(), "because", "operator", now_ms)
    )


@pytest.mark.parametrize(
    ("selection", "held"),
    [
        (Selection(), ["b@example.com", "c@example.net", "B@example.com"]),
        (Selection(message_id=1), ["b@example.com", "c@example.net"]),
        (Selection(domain="example.net"), ["c@example.net"]),
        (Selection(address="B@EXAMPLE.com"), ["b@example.com", "B@example.com"]),
        (Selection(account_id=8), []),
        (Selection(message_id=2, domain="example.net"), []),
    ],
)
async def test_a_selection_is_all_its_criteria(room: QueueRoom, selection: Selection, held: list[str]) -> None:
    await room.accept("b@example.com", "c@example.net")
    await room.accept("B@example.com")
    assert await do(room, "hold", selection) == Operated(len(held), 0)
    assert [address for address, state in room.states().items() if state is _S.HELD] == held


async def test_an_address_is_found_by_its_index(room: QueueRoom) -> None:
    condition, values = selection_sql(Selection(address="b@example.com"))
    plan = room.db.execute(f"EXPLAIN QUERY PLAN SELECT 1 FROM recipient AS r WHERE {condition}", values).fetchall()
    assert "recipient_address" in str(plan)


async def test_hold_release_and_cancel_are_journalled_with_who_and_why(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    for verb in ("hold", "release", "hold", "cancel"):
        assert await do(room, verb) == Operated(1, 0)
    assert room.kinds("b@example.com") == ["held", "released", "held", "cancelled"]
    assert {(row.facts.who, row.facts.reason) for row in room.journal("b@example.com")} == {("operator", "because")}
    assert room.states() == {"b@example.com": _S.CANCELLED}


async def test_a_leased_recipient_is_busy_and_left_alone(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    await room.load()
    for verb in ("hold", "cancel"):
        assert await do(room, verb) == Operated(0, 1)
    assert room.states() == {"b@example.com": _S.LEASED}


async def test_a_held_recipient_is_not_sent_and_a_released_one_is(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    await do(room, "hold")
    assert await room.load() == []
    await do(room, "release")
    room.loader.start_over()
    assert len(await room.load()) == 1


async def test_flush_makes_what_waits_due_and_counts_no_attempt(room: QueueRoom) -> None:
    await room.accept("b@example.com", "c@example.net")
    for leased in await room.load():
        await room.finish(leased, LATER)
    await room.load()
    selection, now_ms = Selection(domain="example.com"), room.clock.now_ms()
    changed = await room.commits.submit(lambda _: flush(room.store, selection, "operator", now_ms))
    room.loader.start_over()
    assert changed == Operated(1, 0)
    assert [leased.ready.domain for leased in await room.load()] == ["example.com"]
    assert room.kinds("b@example.com") == ["deferred", "flushed"]
    assert room.column("attempts", "b@example.com") == 1


async def test_what_ended_is_beyond_every_verb(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    await do(room, "cancel")
    for verb in ("hold", "release", "cancel"):
        assert await do(room, verb) == Operated(0, 0)
