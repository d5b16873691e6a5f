"""What an operator does to waiting mail: exactly what was selected, with who asked, and nothing while it is leased."""

import pytest
from fakes.queue_room import QueueRoom
from youtong.mta.outcome import Deferred, Delivered, Failed, Outcome, Scope, Stage
from youtong.mta.reply import Reply
from youtong.queue.operators.operations import Operated, Selection, flush, operate, selection_sql
from youtong.queue.states import RecipientState
from youtong.queue.transactions import Leased

_S = RecipientState
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, None, "later")
NEVER = Failed(Stage.RCPT, Scope.RECIPIENT, None, "never")


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


@pytest.mark.parametrize(("verb", "state"), [("hold", _S.HELD), ("cancel", _S.CANCELLED)])
@pytest.mark.parametrize("ends", ["outcome", "return", "death", "restart"])
async def test_what_is_asked_of_a_leased_recipient_is_done_when_its_lease_ends_without_delivery(
    room: QueueRoom, verb: str, state: RecipientState, ends: str
) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    assert await do(room, verb) == Operated(0, 1)
    assert room.states() == {"b@example.com": _S.LEASED}
    await _end(room, leased, ends)
    assert room.states() == {"b@example.com": state}
    assert (room.journal("b@example.com")[-1].facts.who, room.journal()[-1].facts.reason) == ("operator", "because")
    assert await room.load() == []


@pytest.mark.parametrize("outcome", [Delivered(Reply(250, "2.0.0", "ok")), NEVER])
async def test_what_was_delivered_or_refused_meanwhile_stays_so(room: QueueRoom, outcome: Outcome) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await do(room, "cancel")
    await room.finish(leased, outcome)
    assert room.kinds("b@example.com") == ["delivered" if isinstance(outcome, Delivered) else "bounced"]
    assert not room.store.wishes.exist


async def test_only_the_recipients_that_were_meant_are_stopped(room: QueueRoom) -> None:
    await room.accept("b@example.com", "c@example.com")
    (leased,) = await room.load()
    await do(room, "cancel", Selection(address="b@example.com"))
    await room.give_back(leased)
    assert room.states() == {"b@example.com": _S.CANCELLED, "c@example.com": _S.SCHEDULED}
    assert [settled.next_ms is None for settled in room.told] == [True, False]


async def test_the_last_word_about_a_leased_recipient_counts_and_a_release_takes_a_hold_back(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await do(room, "hold")
    assert await do(room, "release") == Operated(1, 0)
    await room.give_back(leased)
    assert room.states() == {"b@example.com": _S.SCHEDULED}
    room.loader.start_over()
    (leased,) = await room.load()
    for verb in ("hold", "cancel", "release"):
        await do(room, verb)
    await room.give_back(leased)
    assert room.states() == {"b@example.com": _S.CANCELLED}


async def test_a_wish_that_could_not_be_committed_is_no_wish(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()

    def failing(db: object) -> None:
        operate(room.store, "cancel", Selection(), "because", "operator", room.clock.now_ms())
        raise ValueError("a fault of ours")

    with pytest.raises(ValueError, match="a fault"):
        await room.commits.submit(failing)
    await room.give_back(leased)
    assert room.states() == {"b@example.com": _S.SCHEDULED}


async def test_the_leases_that_wishes_wait_for_are_known(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    await room.accept("c@example.net")
    by_domain = {leased.ready.domain: leased for leased in await room.load()}
    await do(room, "hold", Selection(domain="example.net"))
    assert room.store.wishes.leases() == [by_domain["example.net"].token]


async def _end(room: QueueRoom, leased: Leased, how: str) -> None:
    match how:
        case "outcome":
            await room.finish(leased, LATER)
        case "return":
            await room.give_back(leased)
        case "death":
            room.settling.lost([leased], room.clock.monotonic())
            await room.settling.drain()
        case _:
            room.store.forget()  # as a new owner knows nothing
            await room.recovery.at_start(await room.begin("owner"))


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
