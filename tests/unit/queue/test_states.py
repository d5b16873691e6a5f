"""The one table of what may follow what, tried whole."""

import sqlite3
from itertools import product

import pytest
from fakes.queue_room import QueueRoom
from youtong.queue import settlement
from youtong.queue.journal import Facts, JournalKind
from youtong.queue.states import TABLE, Event, IllegalTransition, RecipientState, follow
from youtong.queue.storage.rows import Fact, LeasedRow
from youtong.queue.storage.store import LeaseLost

_S = RecipientState
TERMINAL = {_S.DELIVERED, _S.BOUNCED, _S.EXPIRED, _S.CANCELLED, _S.SKIPPED, _S.UNCONFIRMED}


@pytest.mark.parametrize(("state", "event"), list(product(RecipientState, Event)))
def test_every_event_in_every_state_leads_where_the_table_says_or_is_illegal(
    state: RecipientState, event: Event
) -> None:
    if event in TABLE[state]:
        assert follow(state, event) is TABLE[state][event]
    else:
        with pytest.raises(IllegalTransition, match=state.name.lower()):
            follow(state, event)


def test_exactly_the_six_endings_of_q1_are_terminal() -> None:
    assert {state for state in RecipientState if state.is_terminal} == TERMINAL


def test_every_state_is_reached_and_every_waiting_state_can_end() -> None:
    reached = {target for row in TABLE.values() for target in row.values()}
    assert reached == set(RecipientState)
    assert all(_S.EXPIRED in TABLE[state].values() for state in (_S.SCHEDULED, _S.HELD))


async def test_the_schema_allows_the_states_of_the_table_and_no_other(room: QueueRoom) -> None:
    row = await leased_row(room, "b@example.com")
    allowed = {number for number in range(-1, 300) if schema_allows(room, row, number)}
    assert allowed == set(map(int, RecipientState))


def schema_allows(room: QueueRoom, row: LeasedRow, state: int) -> bool:
    """With the lease and the time that go with the state."""
    lease, next_ms = "5" if state == _S.LEASED else "NULL", "5" if state in (_S.SCHEDULED, _S.HELD) else "NULL"
    try:
        others_move(room, row, f"state = {state}, lease = {lease}, next_ms = {next_ms}")
    except sqlite3.IntegrityError:
        return False
    return True


async def leased_row(room: QueueRoom, address: str) -> LeasedRow:
    await room.accept(address)
    (leased,) = await room.load()
    return leased.rows()[0]


def fact_of(row: LeasedRow) -> Fact:
    return Fact(0, JournalKind.CANCELLED, row.account_id, row.message_id, row.id, Facts())


def others_move(room: QueueRoom, row: LeasedRow, change: str) -> None:
    room.db.execute(f"UPDATE recipient SET {change} WHERE id = {row.id}")


@pytest.mark.parametrize("change", ["lease = lease + 1", "state = 0, lease = NULL, next_ms = 5"])
@pytest.mark.parametrize("event", list(TABLE[RecipientState.LEASED]))
async def test_a_lost_lease_changes_nothing(room: QueueRoom, event: Event, change: str) -> None:
    row = await leased_row(room, "b@example.com")
    others_move(room, row, change)
    before = list(room.db.execute("SELECT * FROM recipient")), room.journal()
    due = {Event.DEFER: 1, Event.RETURN: 1}.get(event)
    decision = settlement.Decision(event, JournalKind.RETURNED, counts=True, next_ms=due)
    with pytest.raises(LeaseLost):
        settlement.record(room.store, [settlement.Entry(row, decision, None)], 0)
    assert (list(room.db.execute("SELECT * FROM recipient")), room.journal()) == before


@pytest.mark.parametrize("event", [Event.LEASE, Event.HOLD, Event.RELEASE, Event.CANCEL, Event.EXPIRE])
async def test_a_leased_recipient_is_not_ended_by_who_holds_no_lease(room: QueueRoom, event: Event) -> None:
    row = await leased_row(room, "b@example.com")
    decision = settlement.Decision(event, JournalKind.RETURNED, counts=False)
    with pytest.raises(IllegalTransition):
        settlement.record(room.store, [settlement.Entry(row, decision, None)], 0)
    with pytest.raises(AssertionError):
        room.store.move(RecipientState.LEASED, event, fact_of(row))


@pytest.mark.parametrize("state", sorted({_S.SCHEDULED, _S.HELD}))
async def test_a_move_is_guarded_by_the_old_state(room: QueueRoom, state: RecipientState) -> None:
    row = await leased_row(room, "b@example.com")
    for event in TABLE[state]:
        assert not room.store.move(state, event, fact_of(row), next_ms=1)
    assert room.states() == {"b@example.com": RecipientState.LEASED}
    assert room.store.lease([row.id], 12345) == {}


async def test_the_schema_refuses_a_lease_without_a_token_and_a_wait_without_a_time(room: QueueRoom) -> None:
    row = await leased_row(room, "b@example.com")
    for wrong in ("lease = NULL", "state = 0, lease = NULL", "state = 10", "state = 3", "next_ms = 1"):
        with pytest.raises(Exception, match="CHECK"):
            others_move(room, row, wrong)
