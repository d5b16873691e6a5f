"""Whose doing a death was: who is tried at once, who apart, and who is held."""

import pytest
from fakes.queue_room import QueueRoom
from youtong.mta.outcome import Deferred, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue import suspects
from youtong.queue.states import RecipientState
from youtong.queue.suspects import APART_MS, HELD_AFTER, HELD_AT_LAST_AFTER, Consequence, Suspects
from youtong.queue.transactions import Leased

AT_ONCE = Consequence()
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later"))


def test_after_one_death_all_are_due_again_at_once_and_after_two_apart() -> None:
    known = Suspects()
    assert known.died(dict.fromkeys([1, 2, 3], False)) == {1: AT_ONCE, 2: AT_ONCE, 3: AT_ONCE}
    follows = known.died(dict.fromkeys([2, 3, 4], False))
    assert follows == {2: Consequence(wait_ms=0), 3: Consequence(wait_ms=APART_MS), 4: AT_ONCE}


def test_the_only_one_that_was_there_at_every_death_is_held_and_no_other() -> None:
    known = Suspects()
    known.died(dict.fromkeys([1, 2], False))
    known.died(dict.fromkeys([1, 2], False))
    assert known.died(dict.fromkeys([1, 3], False)) == {1: Consequence(held_after=HELD_AFTER), 3: AT_ONCE}
    assert known.died(dict.fromkeys([1], False)) == {1: AT_ONCE}, "who released it wants it tried again"


def test_an_attempt_that_came_to_its_end_takes_the_suspicion_away() -> None:
    known = Suspects()
    for _ in range(HELD_AFTER * 2):
        assert known.died(dict.fromkeys([1], False))[1].held_after == 0
        known.clear(1)
    assert len(known) == 0


def test_what_cannot_be_told_apart_is_held_at_last() -> None:
    known = Suspects()
    for _ in range(HELD_AT_LAST_AFTER - 1):
        assert not any(each.held_after for each in known.died(dict.fromkeys([1, 2], False)).values())
    assert {each.held_after for each in known.died(dict.fromkeys([1, 2], False)).values()} == {HELD_AT_LAST_AFTER}


def test_suspicion_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspects, "_MAX_KNOWN", 10)
    known = Suspects()
    for number in range(100):
        known.died(dict.fromkeys([number], False))
    assert len(known) == 10


# -- in the queue -----------------------------------------------------------------------------------------------------


async def die(room: QueueRoom, held: list[Leased], *, maybe: bool = False, by_us: bool = False) -> None:
    room.settling.lost([(leased, maybe) for leased in held], room.clock.monotonic(), by_us=by_us)
    await room.settling.drain()
    await room.idle()


def test_whose_dot_may_have_been_sent_is_held_later() -> None:
    """It was rendered and written without harm; a slow host answered too late for workers that were killed often."""
    known = Suspects()
    for _ in range(HELD_AT_LAST_AFTER - 1):
        assert known.died({1: True})[1].held_after == 0
    assert known.died({1: True})[1].held_after == HELD_AT_LAST_AFTER


@pytest.mark.parametrize(("maybe", "deaths"), [(False, HELD_AFTER), (True, HELD_AT_LAST_AFTER)])
async def test_a_message_with_a_worker_at_many_deaths_is_held_with_the_reason(
    room: QueueRoom, maybe: bool, deaths: int
) -> None:
    await room.accept("b@example.com")
    for _ in range(deaths):
        leased = await room.load()
        assert len(leased) == 1
        await die(room, leased, maybe=maybe)
        room.clock.advance(301)
    assert room.states() == {"b@example.com": RecipientState.HELD}
    assert await room.load() == []
    rows = room.journal("b@example.com")
    assert (rows[-1].kind, rows[-1].facts.reason) == ("held", f"worker-deaths:{deaths}")
    assert [row.prev_seq for row in rows] == [0, *(row.seq for row in rows[:-1])]
    assert room.column("next_ms", "b@example.com") == room.store.held_and_expired(1 << 60, 1)[0].expires_ms


async def test_deaths_with_an_attempt_between_them_hold_nobody(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    for _ in range(HELD_AFTER):
        for _ in range(HELD_AFTER - 1):
            await die(room, await room.load())
        (leased,) = await room.load()
        await room.finish(leased, LATER)
        room.clock.advance(301)
    assert room.states() == {"b@example.com": RecipientState.SCHEDULED}


async def test_workers_that_we_end_ourselves_make_no_suspects(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    for _ in range(HELD_AFTER):
        await die(room, await room.load(), by_us=True)
    assert room.states() == {"b@example.com": RecipientState.SCHEDULED}


async def test_bulk_that_may_have_been_sent_at_the_third_death_stays_unconfirmed(room: QueueRoom) -> None:
    await room.accept("b@example.com", mail_class="bulk")
    for maybe in (False, False, True):
        await die(room, await room.load(), maybe=maybe)
    assert room.states() == {"b@example.com": RecipientState.UNCONFIRMED}
