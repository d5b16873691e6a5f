"""A deadline of the sender's own, in explanations: when it ends the letter, that it did, what cannot be before it."""

import pytest
from fakes.explained import explained
from fakes.queue_room import QueueRoom
from youtong.admin.explain import document, screen
from youtong.admin.explain.endings import ending_sentence
from youtong.admin.explain.explanation import Next
from youtong.admin.explain.facts import Surroundings
from youtong.mta.envelope import ByMode, DeliverBy
from youtong.mta.outcome import Deferred, Scope, Stage
from youtong.mta.reply import reply

pytestmark = pytest.mark.usefixtures("in_english")

LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later"))
BY = DeliverBy(120, ByMode.RETURN)  # sooner than the room's next attempt


async def deferred(room: QueueRoom, by: DeliverBy | None) -> None:
    await room.accept("bob@b.example", by=by)
    (leased,) = await room.load()
    await room.finish(leased, LATER)


async def test_a_letter_that_cannot_be_tried_again_before_its_deadline_says_so_at_once(room: QueueRoom) -> None:
    await deferred(room, BY)
    (explanation,) = explained(room, "bob@b.example")
    assert explanation.coming.next is Next.EXPIRY
    facts = dict(screen.fate_facts(explanation, room.clock.now_ms()))
    assert str(facts["Given up"]).endswith("as its sender asked")
    told = document.document(explanation, Surroundings(room.clock.now_ms(), None))
    assert told["deliver_by"] == {"seconds": 120, "mode": "R"}


async def test_what_ended_at_its_deadline_did_not_grow_too_old(room: QueueRoom) -> None:
    await deferred(room, BY)
    room.clock.advance(121)
    await room.expiry.turn()
    (explanation,) = explained(room, "bob@b.example")
    assert ending_sentence(explanation).startswith("it could not be delivered within")


@pytest.mark.parametrize("by", [None, DeliverBy(120, ByMode.NOTIFY), DeliverBy(999_999_999, ByMode.RETURN)])
async def test_without_a_deadline_that_limits_it_a_letter_is_given_up_for_its_age(
    room: QueueRoom, by: DeliverBy | None
) -> None:
    await deferred(room, by)
    (explanation,) = explained(room, "bob@b.example")
    facts = dict(screen.fate_facts(explanation, room.clock.now_ms()))
    assert "sender" not in str(facts["Given up"])
