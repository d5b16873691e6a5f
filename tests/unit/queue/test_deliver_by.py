"""Deadlines that clients give: when a message ends, who is told, and that others cost nothing."""

import pytest
from fakes.queue_room import QueueRoom
from youtong.mta.envelope import ByMode, DeliverBy
from youtong.mta.message.notice import Action
from youtong.mta.outcome import Deferred, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.states import RecipientState
from youtong.queue.storage.deliver_by_rows import read

LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later"))
QUARTER = DeliverBy(900, ByMode.RETURN)
EXPIRED, WAITS = RecipientState.EXPIRED, RecipientState.SCHEDULED


async def deferred(room: QueueRoom, **options: object) -> None:
    await room.accept("b@example.com", **options)
    (leased,) = await room.load()
    await room.finish(leased, LATER)


async def seconds_pass(room: QueueRoom, seconds: float) -> None:
    """And what is told then is told."""
    room.clock.advance(seconds)
    await room.expiry.turn()
    await room.delays.turn()
    for message_id in list(room.notices._since):
        room.notices._since[message_id] -= 1000  # no round is waited for
        await room.notices._try(message_id)


async def test_a_message_ends_at_its_deadline_and_its_sender_is_told_which_it_was(room: QueueRoom) -> None:
    await deferred(room, by=QUARTER)
    await seconds_pass(room, 899)
    assert room.states()["b@example.com"] == WAITS
    await seconds_pass(room, 2)
    assert room.states()["b@example.com"] == EXPIRED
    (facts,) = room.composer.composed
    assert (facts.message.deadline_seconds, facts.told[0].action, facts.told[0].is_expired) == (
        900,
        Action.FAILED,
        True,
    )


@pytest.mark.parametrize(("notify", "is_told"), [("", True), ("FAILURE", True), ("NEVER", False), ("DELAY", False)])
async def test_a_program_that_gives_a_deadline_hears_of_it_unless_it_says_otherwise(
    room: QueueRoom, notify: str, is_told: bool
) -> None:
    await deferred(room, by=QUARTER, mail_class="transactional", notify=notify)
    await seconds_pass(room, 901)
    assert room.states()["b@example.com"] == EXPIRED
    assert bool(room.composer.composed) is is_told


async def test_a_held_message_ends_at_its_deadline_too(room: QueueRoom) -> None:
    await room.accept("b@example.com", by=QUARTER, hold="look")
    await seconds_pass(room, 901)
    assert room.states()["b@example.com"] == EXPIRED


@pytest.mark.parametrize(("seconds", "lifetime", "ends"), [(900, 60, 60), (60, 900, 60), (999_999_999, None, None)])
async def test_the_smaller_limit_wins_and_the_notice_names_the_deadline_only_if_that_was_it(
    room: QueueRoom, seconds: int, lifetime: int | None, ends: int | None
) -> None:
    ends = ends or room.schedule.lifetime_ms("people") // 1000  # type: ignore[arg-type]
    await deferred(room, by=DeliverBy(seconds, ByMode.RETURN), lifetime_seconds=lifetime)
    await seconds_pass(room, ends - 1)
    assert room.states()["b@example.com"] == WAITS
    await seconds_pass(room, 2)
    assert room.states()["b@example.com"] == EXPIRED
    assert room.composer.composed[-1].message.deadline_seconds == (seconds if ends == seconds else 0)


async def test_a_time_to_be_told_of_delay_brings_one_notice_then_and_attempts_go_on(room: QueueRoom) -> None:
    await deferred(room, by=DeliverBy(600, ByMode.NOTIFY))
    await seconds_pass(room, 599)
    assert room.composer.composed == []
    await seconds_pass(room, 2)
    assert [facts.told[0].action for facts in room.composer.composed] == [Action.DELAYED]
    await seconds_pass(room, 5 * 3600)
    assert len(room.composer.composed) == 1
    assert room.states()["b@example.com"] == WAITS


async def test_a_time_to_be_told_that_is_over_already_changes_nothing(room: QueueRoom) -> None:
    await deferred(room, by=DeliverBy(-5, ByMode.NOTIFY))
    await seconds_pass(room, 60)
    assert room.composer.composed == []
    await seconds_pass(room, 4 * 3600)
    assert [facts.told[0].action for facts in room.composer.composed] == [Action.DELAYED]


async def test_what_was_asked_for_is_kept_with_the_message_and_without_a_wish_nothing_is(room: QueueRoom) -> None:
    await room.accept("b@example.com", by=QUARTER)
    await room.accept("b@example.com")
    assert read(room.db, 1) == QUARTER
    assert read(room.db, 2) is None
    assert room.db.execute("SELECT count(*) FROM deliver_by").fetchone() == (1,)
