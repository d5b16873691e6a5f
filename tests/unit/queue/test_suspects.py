"""Whose doing a death was: who is tried at once, who later and apart, and who is held."""

import pytest
from fakes.queue_room import QueueRoom
from youtong.mta.outcome import Deferred, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.states import RecipientState
from youtong.queue.transactions import Leased
from youtong.queue.workers import suspects
from youtong.queue.workers.marks import Marks
from youtong.queue.workers.suspects import APART_MS, AT_ONCE, HELD_AFTER, LATER_AFTER, Consequence, Part, Suspects

LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later"))
ONE, OTHER = (1, 0), (2, 0)


def test_what_was_being_made_at_each_of_some_deaths_is_held_and_nothing_else() -> None:
    known = Suspects()
    for _ in range(HELD_AFTER - 1):
        assert known.died({ONE: Part.MAKING, OTHER: Part.MADE}) == {ONE: AT_ONCE, OTHER: AT_ONCE}
    assert known.died({ONE: Part.MAKING})[ONE] == Consequence(held_after=HELD_AFTER)
    assert known.died({ONE: Part.MAKING}) == {ONE: AT_ONCE}, "who released it wants it tried again"


def test_what_was_made_and_not_answered_is_tried_later_and_later_and_apart_and_never_held() -> None:
    known = Suspects()
    parts = {ONE: Part.MADE, OTHER: Part.MADE}
    for _ in range(LATER_AFTER - 1):
        assert known.died(parts) == {ONE: AT_ONCE, OTHER: AT_ONCE}
    assert known.died(parts) == {ONE: Consequence(wait_ms=APART_MS), OTHER: Consequence(wait_ms=2 * APART_MS)}
    assert known.died(parts) == {ONE: Consequence(wait_ms=2 * APART_MS), OTHER: Consequence(wait_ms=3 * APART_MS)}
    for _ in range(100):
        follows = known.died(parts)
    assert follows == dict.fromkeys(parts, Consequence(wait_ms=600_000))


def test_an_attempt_that_came_to_its_end_takes_the_suspicion_away() -> None:
    known = Suspects()
    for _ in range(HELD_AFTER * 2):
        assert known.died({ONE: Part.MAKING}) == {ONE: AT_ONCE}
        known.clear(ONE)
    assert len(known) == 0


def test_suspicion_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspects, "_MAX_KNOWN", 10)
    known = Suspects()
    for number in range(100):
        known.died({(number, 0): Part.MAKING})
    assert len(known) == 10


# -- in the queue -----------------------------------------------------------------------------------------------------


async def die(room: QueueRoom, held: list[Leased], part: Part | None, *, maybe: bool = False) -> None:
    """A worker dies that had done so much with each, one after the other."""
    tokens = frozenset(leased.token for leased in held)
    marks = Marks(0, tokens if maybe else frozenset(), tokens if part else frozenset())
    if part is Part.MAKING:
        marks.making = held[-1].token
    room.settling.lost(held, room.clock.monotonic(), marks)
    await room.settling.drain()
    await room.idle()


async def test_a_message_that_was_being_made_at_many_deaths_is_held_with_the_reason(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    for _ in range(HELD_AFTER):
        leased = await room.load()
        assert len(leased) == 1
        await die(room, leased, Part.MAKING)
    assert room.states() == {"b@example.com": RecipientState.HELD}
    assert await room.load() == []
    rows = room.journal("b@example.com")
    assert (rows[-1].kind, rows[-1].facts.reason) == ("held", f"worker-deaths:{HELD_AFTER}")
    assert [row.prev_seq for row in rows] == [0, *(row.seq for row in rows[:-1])]
    assert room.column("next_ms", "b@example.com") == room.store.held_and_expired(1 << 60, 1)[0].expires_ms


@pytest.mark.parametrize(("part", "maybe"), [(None, False), (Part.MADE, False), (Part.MADE, True)])
async def test_a_letter_that_a_worker_only_had_is_never_held(room: QueueRoom, part: Part | None, maybe: bool) -> None:
    await room.accept("b@example.com")
    for _ in range(20):
        leased = await room.load()
        assert len(leased) == 1
        await die(room, leased, part, maybe=maybe)
        room.clock.advance(601)
    assert room.states() == {"b@example.com": RecipientState.SCHEDULED}


async def test_a_letter_that_waited_in_a_worker_is_due_again_at_once_whenever_it_dies(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    for _ in range(20):
        await die(room, await room.load(), None)
    assert len(await room.load()) == 1


async def test_deaths_with_an_attempt_between_them_hold_nobody(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    for _ in range(HELD_AFTER):
        for _ in range(HELD_AFTER - 1):
            await die(room, await room.load(), Part.MAKING)
        (leased,) = await room.load()
        await room.finish(leased, LATER)
        room.clock.advance(301)
    assert room.states() == {"b@example.com": RecipientState.SCHEDULED}


async def test_workers_that_we_end_ourselves_make_no_suspects(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    for _ in range(HELD_AFTER):
        (leased,) = await room.load()
        room.settling.lost([leased], room.clock.monotonic(), Marks(0, frozenset(), making=leased.token), by_us=True)
        await room.settling.drain()
    assert room.states() == {"b@example.com": RecipientState.SCHEDULED}


async def test_bulk_that_may_have_been_sent_at_the_third_death_stays_unconfirmed(room: QueueRoom) -> None:
    await room.accept("b@example.com", mail_class="bulk")
    for maybe in (False, False, True):
        await die(room, await room.load(), Part.MAKING, maybe=maybe)
    assert room.states() == {"b@example.com": RecipientState.UNCONFIRMED}
