"""From replies to suspensions: counted, prolonged, never doubled, written with the outcome that set them off."""

import pytest
from fakes.queue_ports import FakeWatch
from fakes.queue_room import QueueRoom
from youtong.mta.outcome import Deferred, Delivered, Outcome, Scope, Stage
from youtong.mta.reply import Reply, reply
from youtong.queue.classes import MailClass
from youtong.queue.judging import AttemptFacts
from youtong.queue.limits import RateLimit
from youtong.queue.operators.orders import Order
from youtong.queue.operators.selections import Selection
from youtong.queue.pace.reacting import Reacting
from youtong.queue.pace.suspensions import SuspensionScope
from youtong.queue.reactions import Reaction, ReactionScope
from youtong.queue.states import RecipientState
from youtong.queue.storage import suspension_rows

TOO_MANY = reply(421, "4.7.0", "too many messages")
DELIVERED = Delivered(reply(250, "2.0.0", "ok"))
STOP = Reaction("too-many", "shaping.toml:7", ReactionScope.SOURCE, 600.0, stop=True)
HALF = Reaction("half", "shaping.toml:9", ReactionScope.SOURCE, 600.0, share=0.5)


def later(said: Reply = TOO_MANY) -> Outcome:
    return Deferred(Stage.MAIL, Scope.PROVIDER, said)


def facts(provider: str = "google", site: str = "mx.b.example") -> AttemptFacts:
    return AttemptFacts(provider, site, "b.example", MailClass.BULK)


def say(room: QueueRoom, *outcomes: Outcome, sender: str = "a.example", source: str = "one") -> dict[Reply, int]:
    return room.reacting.heard(outcomes, facts(), source, sender)


@pytest.mark.parametrize(
    ("scope", "place"),
    [
        (ReactionScope.SOURCE, (SuspensionScope.PROVIDER, "google", "one", "")),
        (ReactionScope.SENDER, (SuspensionScope.PROVIDER, "google", "", "a.example")),
        (ReactionScope.SITE, (SuspensionScope.SITE, "mx.b.example", "", "")),
    ],
)
async def test_a_reply_stops_what_its_rule_says(
    room: QueueRoom, scope: ReactionScope, place: tuple[SuspensionScope, str, str, str]
) -> None:
    room.watch.rules["too many"] = Reaction("too-many", "shaping.toml:7", scope, 600.0, stop=True)
    assert say(room, later()) == {TOO_MANY: 1}
    (made,) = room.book.at(place)
    assert (made.rule, made.reply, made.reason) == ("too-many", "421 4.7.0 too many messages", "shaping.toml:7")
    assert made.until_ms == room.clock.now_ms() + 600_000
    assert room.stops == 1


async def test_each_distinct_reply_of_a_transaction_is_looked_at_once_and_deliveries_never(room: QueueRoom) -> None:
    other = reply(450, "4.2.0", "greylisted")
    assert say(room, DELIVERED, later(), later(), later(other), later(other)) == {}
    assert room.watch.asked == 2
    without_reply = Deferred(Stage.CONNECT, Scope.SITE, None, "refused")
    assert say(room, without_reply) == {}
    assert room.watch.asked == 2


async def test_so_many_replies_within_a_time_are_needed_and_old_ones_do_not_count(room: QueueRoom) -> None:
    room.watch.rules["too many"] = Reaction(
        "too-many", "", ReactionScope.SOURCE, 600.0, stop=True, after=3, within_seconds=60.0
    )
    for _ in range(2):
        assert say(room, later()) == {}
    room.clock.advance(61)
    for _ in range(2):
        assert say(room, later()) == {}
    assert say(room, later(), source="two") == {}  # another place counts for itself
    assert say(room, later()) == {TOO_MANY: 1}


async def test_what_is_stopped_already_lasts_longer_and_is_not_stopped_twice(room: QueueRoom) -> None:
    room.watch.rules["too many"] = STOP
    say(room, later())
    assert say(room, later()) == {TOO_MANY: 1}
    assert len(room.reacting.take_unwritten()) == 1  # the second changed nothing worth a row
    room.clock.advance(300)
    assert say(room, later()) == {TOO_MANY: 1}
    (made,) = room.book.in_force()
    assert made.until_ms == room.clock.now_ms() + 600_000
    assert [each.until_ms for each in room.reacting.take_unwritten()] == [made.until_ms]


async def test_rules_slow_side_by_side_and_a_stop_beside_them_is_the_harder_one(room: QueueRoom) -> None:
    tenth = Reaction("tenth", "", ReactionScope.SOURCE, 60.0, message_rate=RateLimit(1, 60.0, ""))
    room.watch.rules.update({"too many": HALF, "slow down": tenth, "go away": STOP})
    say(room, later(), later(), later(reply(421, "", "slow down")))
    assert sorted(each.rule for each in room.book.slowings("google", "one")) == ["half", "tenth"]
    say(room, later(reply(421, "", "go away")))
    assert (stop := room.book.of_lane("google", "one")) is not None
    assert stop.rule == "too-many"
    assert len(room.book.slowings("google", "one")) == 2


async def test_an_operators_stop_and_a_replys_are_two(room: QueueRoom) -> None:
    await room.operating.carry_out(Order("suspend", Selection(provider="google"), who="ann"))
    room.watch.rules["too many"] = Reaction("too-many", "", ReactionScope.SOURCE, 600.0, stop=True)
    assert say(room, later()) == {TOO_MANY: 2}


async def test_a_notice_has_no_sender_that_could_be_stopped(room: QueueRoom) -> None:
    room.watch.rules["too many"] = Reaction("sender", "", ReactionScope.SENDER, 600.0, stop=True)
    assert say(room, later(), sender="") == {}
    assert not room.book


async def test_a_fault_of_the_rules_costs_no_outcome(room: QueueRoom, caplog: pytest.LogCaptureFixture) -> None:
    room.watch.fault = ValueError("a fault of ours")
    assert say(room, later()) == {}
    assert "could not be looked at" in caplog.text


async def test_counts_are_bounded(room: QueueRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("youtong.queue.pace.reacting._MAX_COUNTED", 3)
    watch = FakeWatch({"too many": Reaction("r", "", ReactionScope.SENDER, 1.0, after=2, within_seconds=60.0)})
    reacting = Reacting(watch, room.suspending, room.clock)
    for n in range(10):
        reacting.heard([later()], facts(), "one", f"s{n}.example")
    assert len(reacting._counts) == 3


# -- with the rows ----------------------------------------------------------------------------------------------------


async def test_the_suspension_and_the_outcome_that_set_it_off_are_written_together(room: QueueRoom) -> None:
    room.watch.rules["too many"] = STOP
    await room.accept("b@b.example")
    (leased,) = await room.load()
    await room.finish(leased, later())
    (row,) = suspension_rows.in_force(room.db, room.clock.now_ms())
    assert (row.suspension.rule, row.operation) == ("too-many", 0)
    (attempt,) = [each for each in room.journal("b@b.example") if each.kind == "deferred"]
    assert attempt.facts.suspension == row.suspension.id
    assert room.states() == {"b@b.example": RecipientState.SCHEDULED}


async def test_a_resumed_stop_goes_on_only_when_the_replies_come_anew(room: QueueRoom) -> None:
    room.watch.rules["too many"] = Reaction(
        "too-many", "", ReactionScope.SOURCE, 600.0, stop=True, after=2, within_seconds=60.0
    )
    say(room, later())
    assert say(room, later()) == {TOO_MANY: 1}
    for each in room.reacting.take_unwritten():
        suspension_rows.put(room.db, each)
    done = await room.operating.carry_out(Order("resume", Selection(), who="ann", number=1))
    assert done.changed == 1
    assert not room.book
    assert say(room, later()) == {}
    assert say(room, later()) == {TOO_MANY: 2}
