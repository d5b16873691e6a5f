"""What an outcome means for a leased recipient: every outcome in every class, then as rows and journal."""

from itertools import product

import pytest
from fakes.queue_ports import RETRY_MS, FixedSchedule
from fakes.queue_room import QueueRoom
from youtong.mta.outcome import Deferred, Delivered, Failed, Outcome, Peer, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.classes import MailClass
from youtong.queue.journal import AttemptPlace, JournalKind
from youtong.queue.settlement import TOO_MANY_RECIPIENTS, Decision, Entry, decide, record
from youtong.queue.states import Event, RecipientState
from youtong.queue.storage.rows import LeasedRow
from youtong.queue.storage.store import LeaseLost

NOW = 1_700_000_000_000
DELIVERED = Delivered(reply(250, "2.0.0", "ok"))
FAILED = Failed(Stage.RCPT, Scope.RECIPIENT, reply(550, "5.1.1", "no such user"), category="no-such-user")
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later"))
MAYBE = Deferred(Stage.FINAL_DOT, Scope.ROUTE, None, "lost", ambiguous=True)
NO_ANSWER = Deferred(Stage.CONNECT, Scope.SITE, None, "refused")
TOO_MANY = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(452, "4.5.3", "too many"), category=TOO_MANY_RECIPIENTS)
P, T, B = MailClass.PEOPLE, MailClass.TRANSACTIONAL, MailClass.BULK

DELIVER = Decision(Event.DELIVER, JournalKind.DELIVERED, counts=True)
BOUNCE = Decision(Event.BOUNCE, JournalKind.BOUNCED, counts=True)
RETRY = Decision(Event.DEFER, JournalKind.DEFERRED, counts=True, next_ms=NOW + RETRY_MS)
STAY_DUE = Decision(Event.DEFER, JournalKind.DEFERRED, counts=False, next_ms=NOW)
DOUBT = Decision(Event.DOUBT, JournalKind.UNCONFIRMED, counts=True)

EXPECTED = {
    "delivered": (DELIVERED, {P: DELIVER, T: DELIVER, B: DELIVER}),
    "failed": (FAILED, {P: BOUNCE, T: BOUNCE, B: BOUNCE}),
    "deferred": (LATER, {P: RETRY, T: RETRY, B: RETRY}),
    "maybe sent": (MAYBE, {P: RETRY, T: RETRY, B: DOUBT}),
    "no answer": (NO_ANSWER, {P: STAY_DUE, T: STAY_DUE, B: STAY_DUE}),
    "too many": (TOO_MANY, {P: STAY_DUE, T: STAY_DUE, B: STAY_DUE}),
}


def row(mail_class: MailClass, expires_ms: int = NOW + 10 * RETRY_MS) -> LeasedRow:
    return LeasedRow(1, 99, 1, 1, 1, 3, 0, "", 7, mail_class, "a@example.org", expires_ms, 1, 0)


@pytest.mark.parametrize(("what", "mail_class"), list(product(EXPECTED, MailClass)))
def test_every_outcome_in_every_class_has_its_decision(what: str, mail_class: MailClass) -> None:
    outcome, decisions = EXPECTED[what]
    assert decide(outcome, row(mail_class), NOW, FixedSchedule()) == decisions[mail_class]


@pytest.mark.parametrize("scope", sorted(set(Scope) - {Scope.SITE}))
def test_only_a_silent_site_costs_no_attempt(scope: Scope) -> None:
    outcome = Deferred(Stage.MAIL, scope, None, "why")
    assert decide(outcome, row(P), NOW, FixedSchedule()) == RETRY


def test_the_schedule_is_asked_with_this_attempt_counted() -> None:
    schedule = FixedSchedule()
    decide(LATER, row(P), NOW, schedule)
    assert schedule.asked == [4]


def test_no_wait_goes_beyond_the_age() -> None:
    assert decide(LATER, row(P, NOW + 5), NOW, FixedSchedule()).next_ms == NOW + 5


@pytest.mark.parametrize(
    ("outcome", "state", "attempts", "wait_ms"),
    [
        (DELIVERED, RecipientState.DELIVERED, 1, None),
        (FAILED, RecipientState.BOUNCED, 1, None),
        (LATER, RecipientState.SCHEDULED, 1, RETRY_MS),
        (MAYBE, RecipientState.SCHEDULED, 1, RETRY_MS),
        (NO_ANSWER, RecipientState.SCHEDULED, 0, 0),
    ],
)
async def test_an_outcome_is_a_transition_with_its_journal_row(
    room: QueueRoom, outcome: Outcome, state: RecipientState, attempts: int, wait_ms: int | None
) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.finish(leased, outcome)
    (last,) = room.journal("b@example.com")
    next_ms = None if wait_ms is None else room.clock.now_ms() + wait_ms
    assert room.states() == {"b@example.com": state}
    assert room.column("lease", "b@example.com") is None
    assert room.column("next_ms", "b@example.com") == next_ms
    assert room.column("attempts", "b@example.com") == attempts
    assert room.column("journal_seq", "b@example.com") == last.seq
    assert (last.facts.attempt, last.facts.mailed, last.facts.next_ms) == (1, True, next_ms or 0)
    assert (room.leasing.in_flight, room.leasing._bytes) == ({}, 0)


async def test_the_history_of_a_recipient_is_a_chain(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    for _ in range(3):
        (leased,) = await room.load()
        await room.finish(leased, Deferred(Stage.RCPT, Scope.RECIPIENT, None, "later", Peer("mx", "127.0.0.1")))
        room.clock.advance(301)
    rows = room.journal("b@example.com")
    assert [row.prev_seq for row in rows] == [0, rows[0].seq, rows[1].seq]
    assert [row.facts.attempt for row in rows] == [1, 2, 3]


async def test_a_late_outcome_of_a_lost_lease_is_dropped_without_a_trace(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    room.db.execute("UPDATE recipient SET lease = lease + 1")
    await room.finish(leased, DELIVERED)
    assert room.states() == {"b@example.com": RecipientState.LEASED}
    assert room.journal("b@example.com") == []
    assert room.told == []


async def test_settling_alone_raises_lease_lost(room: QueueRoom) -> None:
    with pytest.raises(LeaseLost):
        record(room.store, [Entry(row(P), DELIVER, None)], NOW)


async def test_one_lost_lease_of_a_report_does_not_cost_the_others_their_outcomes(room: QueueRoom) -> None:
    await room.accept("b@example.com", "c@example.com")
    (leased,) = await room.load()
    room.db.execute("UPDATE recipient SET lease = lease + 1 WHERE address = 'b@example.com'")
    await room.finish(leased, DELIVERED, DELIVERED)
    assert room.states() == {"b@example.com": RecipientState.LEASED, "c@example.com": RecipientState.DELIVERED}
    assert (room.journal("b@example.com"), len(room.journal("c@example.com"))) == ([], 1)
    assert len(room.told) == 1


def test_an_attempt_that_said_no_mail_is_not_counted_as_one() -> None:
    assert not AttemptPlace(1, "s", "p", "x", 1, mailed=False).mailed
