"""Suspensions over a restart, their ends by time, and their history."""

import asyncio

import pytest
from fakes.queue_room import QueueRoom
from youtong.queue.limits import RateLimit
from youtong.queue.operators.operations import Operated
from youtong.queue.operators.orders import Order, Refusal, Terms
from youtong.queue.operators.selections import Selection
from youtong.queue.pace.suspending import Suspending
from youtong.queue.pace.suspensions import Suspension, Suspensions, SuspensionScope
from youtong.queue.storage import suspension_rows

GOOGLE = Selection(provider="google")


async def order(room: QueueRoom, operation: str, selection: Selection = GOOGLE, **more: object) -> Operated:
    return await room.operating.carry_out(Order(operation, selection, who="ann", **more))  # type: ignore[arg-type]


async def after_a_restart(room: QueueRoom) -> Suspensions:
    book = Suspensions(room.clock)
    suspending = Suspending(room.commits, book, lambda: None, room.clock)
    await suspending.load()
    suspending.stop()
    return book


async def test_a_new_owners_book_is_as_the_rows_say(room: QueueRoom) -> None:
    rate = RateLimit(10, 60.0, "")
    await order(room, "suspend", terms=Terms(source="one", seconds=60.0), reason="wrong text")
    await order(room, "suspend", terms=Terms(share=0.1, message_rate=rate, connections=2))
    await order(room, "suspend", Selection(account_id=7))
    await order(room, "resume", Selection(account_id=7))
    book = await after_a_restart(room)
    said = [(each.id, each.source, each.stop, each.share, each.connections, each.who) for each in book.in_force()]
    assert said == [(1, "one", True, 1.0, 0, "ann"), (2, "", False, 0.1, 2, "ann")]
    assert (slowing := book.slowings("google", "one")[0].message_rate) is not None
    assert (slowing.count, slowing.seconds) == (10, 60.0)
    room.clock.advance(60)
    assert [each.id for each in (await after_a_restart(room)).in_force()] == [2]


async def test_a_number_is_never_used_twice_over_a_restart(room: QueueRoom) -> None:
    await order(room, "suspend")
    await order(room, "resume")
    again = Suspending(room.commits, Suspensions(room.clock), lambda: None, room.clock)
    await again.load()
    assert again.next_id() == 2


async def test_what_could_not_be_committed_is_not_in_the_book(room: QueueRoom) -> None:
    room.db.execute("CREATE TRIGGER full BEFORE INSERT ON suspension BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(Exception, match="full"):
        await order(room, "suspend")
    assert not room.book
    assert room.db.execute("SELECT count(*) FROM operation").fetchone() == (0,)


async def test_an_end_by_time_is_told_once(room: QueueRoom) -> None:
    await order(room, "suspend", terms=Terms(seconds=60.0))
    assert room.stops == 1
    room.clock.advance(30)
    room.suspending.look()
    assert room.stops == 1
    room.clock.advance(30)
    room.suspending.look()
    room.suspending.look()
    assert (room.stops, bool(room.book)) == (2, False)


async def test_the_timer_comes_for_the_soonest_end(room: QueueRoom) -> None:
    told = asyncio.Event()
    suspending = Suspending(room.commits, Suspensions(room.clock), told.set, room.clock)
    soon = Suspension(1, SuspensionScope.SITE, "mx", until_ms=room.clock.now_ms() + 5)
    suspending.put([soon, Suspension(2, SuspensionScope.SITE, "mx")])
    told.clear()
    room.clock.advance(1)
    async with asyncio.timeout(5):
        await told.wait()
    suspending.stop()
    assert [each.id for each in suspending.book.in_force()] == [2]


async def test_the_history_is_bounded_and_what_is_in_force_stays(room: QueueRoom) -> None:
    await order(room, "suspend")
    for _ in range(5):
        await order(room, "suspend", Selection(domain="b.example"))
        await order(room, "resume", Selection(domain="b.example"))
    forgotten = await room.commits.submit(lambda db: suspension_rows.forget_old(db, room.clock.now_ms(), keep=2))
    assert forgotten == 3
    assert [row.suspension.id for row in suspension_rows.history(room.db, 10)] == [6, 5, 1]


# -- orders -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "selection", [Selection(), Selection(provider="google", domain="b.example"), Selection(account_id=1, stream_id=2)]
)
async def test_a_suspension_names_exactly_one_thing(room: QueueRoom, selection: Selection) -> None:
    assert (await order(room, "suspend", selection)).refused == Refusal.NO_SCOPE


async def test_a_single_letter_is_held_instead(room: QueueRoom) -> None:
    await room.accept("b@b.example")
    done = await order(room, "suspend", Selection(message_id=1))
    assert (done.changed, done.suspensions) == (1, ())
    assert room.kinds("b@b.example") == ["held"]


async def test_resume_means_a_number_what_it_names_or_everything(room: QueueRoom) -> None:
    for selection in (GOOGLE, GOOGLE, Selection(site="mx"), Selection(stream_id=4)):
        await order(room, "suspend", selection)
    assert (await order(room, "resume", Selection(), number=2)).suspensions == (2,)
    assert (await order(room, "resume", Selection(), number=2)).refused == Refusal.NOT_IN_FORCE
    assert (await order(room, "resume", GOOGLE)).suspensions == (1,)
    assert (await order(room, "resume", Selection())).suspensions == (3, 4)
    assert not room.book


async def test_undoing_a_suspend_resumes_and_undoing_a_resume_suspends_again_until_the_old_time(
    room: QueueRoom,
) -> None:
    await order(room, "suspend", terms=Terms(seconds=60.0))
    await order(room, "resume")
    assert not room.book
    assert (await order(room, "undo", Selection(), number=2)).suspensions == (1,)
    assert [(each.id, each.until_ms) for each in room.book.in_force()] == [(1, room.clock.now_ms() + 60_000)]
    assert (await order(room, "undo", Selection(), number=1)).suspensions == (1,)
    assert not room.book
    assert (await order(room, "undo", Selection(), number=1)).refused == Refusal.UNDONE


async def test_a_resumed_suspension_whose_time_has_come_stays_ended(room: QueueRoom) -> None:
    await order(room, "suspend", terms=Terms(seconds=60.0))
    await order(room, "resume")
    room.clock.advance(61)
    assert (await order(room, "undo", Selection())).changed == 0
    assert not room.book
