"""Orders over many recipients: page by page along indexes, numbered, and taken back exactly as far as they went."""

import random

import pytest
from fakes.queue_room import QueueRoom
from youtong.mta.outcome import Deferred, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.operators.operations import Operated
from youtong.queue.operators.orders import Order, Refusal
from youtong.queue.operators.selections import Selection
from youtong.queue.states import RecipientState
from youtong.queue.storage import operation_rows, walks

_S = RecipientState
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later"))


async def order(room: QueueRoom, operation: str, selection: Selection | None = None, number: int = 0) -> Operated:
    return await room.operating.carry_out(
        Order(operation, selection or Selection(), "because", "ann", number=number)  # type: ignore[arg-type]
    )


async def filled(room: QueueRoom) -> None:
    """Four domains of two providers, mail of a class and sender each; what is known of routes is in the rows."""
    await room.accept("a@one.example", "b@one.example", "c@two.example")
    await room.accept("d@two.example", "e@three.example", mail_class="bulk", reverse_path="x@other.example")
    await room.accept("f@four.example")
    routes = [("one", "mx1", "google"), ("two", "mx2", "google"), ("three", "mx3", "yahoo"), ("four", "mx3", "yahoo")]
    for name, site, provider in routes:
        room.db.execute("UPDATE domain SET site = ?, provider = ? WHERE name = ?", (site, provider, f"{name}.example"))


def in_state(room: QueueRoom, state: RecipientState) -> str:
    return "".join(sorted(address[0] for address, is_in in room.states().items() if is_in is state))


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PAGE", "_PAIRS", "_HEADS"):
        monkeypatch.setattr(walks, name, 1)


CASES = [
    (Selection(), "abcdef"),
    (Selection(provider="google"), "abcd"),
    (Selection(provider="google", domain="two.example"), "cd"),
    (Selection(provider="yahoo", domain="two.example"), ""),
    (Selection(site="mx3"), "ef"),
    (Selection(domain="two.example"), "cd"),
    (Selection(account_id=7), "abcdef"),
    (Selection(account_id=7, provider="yahoo"), "ef"),
    (Selection(account_id=8), ""),
    (Selection(message_id=2), "de"),
    (Selection(message_id=2, provider="google"), "d"),
    (Selection(address="F@four.example"), "f"),
    (Selection(address="f@four.example", provider="google"), ""),
    (Selection(stream_id=9), ""),
]


@pytest.mark.parametrize(("selection", "meant"), CASES)
@pytest.mark.parametrize("pages", ["whole", "small"])
async def test_a_selection_means_the_same_for_every_state_and_size_of_page(
    room: QueueRoom, selection: Selection, meant: str, pages: str, request: pytest.FixtureRequest
) -> None:
    if pages == "small":
        request.getfixturevalue("small_pages")
    await filled(room)
    assert (await order(room, "hold", selection)).changed == len(meant)
    assert in_state(room, _S.HELD) == meant
    assert (await order(room, "release", selection)).changed == len(meant)
    assert in_state(room, _S.HELD) == ""
    await order(room, "hold")
    assert (await order(room, "cancel", selection)).changed == len(meant)
    assert in_state(room, _S.CANCELLED) == meant


async def test_a_flush_goes_through_all_pages_and_leaves_what_is_due_alone(room: QueueRoom, small_pages: None) -> None:
    await filled(room)
    room.db.execute("UPDATE recipient SET next_ms = next_ms + 600000 WHERE address != 'a@one.example'")
    assert (await order(room, "flush", Selection(provider="google"))).changed == 3
    assert (await order(room, "flush")).changed == 2
    assert room.db.execute("SELECT count(*) FROM recipient WHERE next_ms > ?", (room.clock.now_ms(),)).fetchone() == (
        0,
    )


@pytest.mark.parametrize("seed", range(5))
async def test_any_pages_mean_each_recipient_once(room: QueueRoom, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    for name in ("PAGE", "_PAIRS", "_HEADS"):
        monkeypatch.setattr(walks, name, chance.randint(1, 4))
    for n in range(30):
        await room.accept(*(f"r{n}-{k}@d{chance.randint(1, 9)}.example" for k in range(chance.randint(1, 3))))
    room.db.execute("UPDATE domain SET provider = 'p' || (id % 3)")
    wanted = {
        row[0]
        for row in room.db.execute(
            "SELECT address FROM recipient AS r JOIN domain AS d ON d.id = r.domain_id WHERE d.provider = 'p1'"
        )
    }
    done = await order(room, "hold", Selection(provider="p1"))
    assert {address for address, state in room.states().items() if state is _S.HELD} == wanted
    assert done.changed == len(wanted)
    journalled = [row.recipient_id for row in room.journal() if row.kind == "held"]
    assert len(journalled) == len(set(journalled)) == len(wanted)


async def test_the_backlog_counts_what_an_order_leaves_scheduled(room: QueueRoom, small_pages: None) -> None:
    await filled(room)
    for operation, selection in (("hold", "google"), ("release", "google"), ("cancel", "yahoo")):
        await order(room, operation, Selection(provider=selection))
        counted = "SELECT domain_id, flow_id, count(*) FROM recipient WHERE state = 0 GROUP BY 1, 2 ORDER BY 1, 2"
        kept = "SELECT domain_id, flow_id, waiting FROM backlog ORDER BY 1, 2"
        assert room.db.execute(kept).fetchall() == room.db.execute(counted).fetchall()


@pytest.mark.parametrize(
    "selection",
    [each for each, _ in CASES if each not in (Selection(account_id=8), Selection(stream_id=9))],
)
@pytest.mark.parametrize("state", [_S.SCHEDULED, _S.HELD, _S.LEASED])
async def test_no_walk_scans_or_sorts(room: QueueRoom, selection: Selection, state: RecipientState) -> None:
    await filled(room)
    plans: list[str] = []

    class Watched:
        """Explains each statement before it runs."""

        def execute(self, query: str, values: tuple[object, ...] = ()) -> object:
            if not query.startswith("SELECT id FROM flow"):  # an account's flows are sorted
                plans.extend(str(row[3]) for row in room.db.execute(f"EXPLAIN QUERY PLAN {query}", values))
            return room.db.execute(query, values)

    walks.page(Watched(), selection, state)  # type: ignore[arg-type]
    assert plans
    for plan in plans:
        assert "TEMP B-TREE" not in plan
        assert not plan.startswith(("SCAN r ", "SCAN m", "SCAN d ")) or "USING INDEX" in plan, plan


async def test_held_ones_with_the_same_time_are_not_looked_at_again_for_each_page(
    room: QueueRoom, small_pages: None
) -> None:
    await room.accept(*(f"r{n}@one.example" for n in range(5)), hold="look at it")
    plans: list[str] = []
    seen, cursor = "", walks.START

    class Watched:
        def execute(self, query: str, values: tuple[object, ...] = ()) -> object:
            plans.extend(str(row[3]) for row in room.db.execute(f"EXPLAIN QUERY PLAN {query}", values))
            return room.db.execute(query, values)

    while cursor is not None:
        page = walks.page(Watched(), Selection(), _S.HELD, cursor)  # type: ignore[arg-type]
        seen += "".join(str(row.id) for row in page.rows)
        cursor = page.cursor
    assert seen == "12345"
    assert "SEARCH r USING INDEX recipient_held (next_ms=? AND rowid>?)" in plans


# -- numbers and undo -------------------------------------------------------------------------------------------------


async def test_every_order_has_a_number_and_says_what_it_did(room: QueueRoom) -> None:
    await filled(room)
    done = await order(room, "hold", Selection(provider="google"))
    (row,) = operation_rows.history(room.db, 10)
    assert (row.id, row.verb, row.who, row.reason, row.changed) == (done.operation, "hold", "ann", "because", 4)
    assert row.selection == Selection(provider="google")
    assert {each.facts.operation for each in room.journal() if each.kind == "held"} == {row.id}


async def test_undoing_a_hold_releases_those_that_it_held_and_nobody_elses(room: QueueRoom) -> None:
    await filled(room)
    await order(room, "hold", Selection(domain="two.example"))
    second = await order(room, "hold")
    await order(room, "release", Selection(address="a@one.example"))
    third = await order(room, "hold", Selection(address="a@one.example"))
    done = await order(room, "undo", number=second.operation)
    assert done.changed == 3
    assert in_state(room, _S.HELD) == "acd"  # held before, and held since by another word
    assert (await order(room, "undo")).changed == 1
    assert in_state(room, _S.HELD) == "cd"
    row = operation_rows.one(room.db, third.operation)
    assert row is not None
    assert row.undone_by


async def test_undoing_a_release_holds_again_what_still_waits(room: QueueRoom, small_pages: None) -> None:
    await filled(room)
    await order(room, "hold")
    released = await order(room, "release", Selection(provider="google"))
    await order(room, "cancel", Selection(address="a@one.example"))
    done = await order(room, "undo", number=released.operation)
    assert done.changed == 3
    assert (in_state(room, _S.HELD), in_state(room, _S.CANCELLED)) == ("bcdef", "a")


async def test_what_cannot_be_undone_says_why(room: QueueRoom) -> None:
    await filled(room)
    assert (await order(room, "undo")).refused == Refusal.NOTHING_DONE
    assert (await order(room, "undo", number=9)).refused == Refusal.UNKNOWN
    cancelled = await order(room, "cancel", Selection(domain="one.example"))
    assert (await order(room, "undo", number=cancelled.operation)).refused == Refusal.FINAL
    flushed = await order(room, "flush")
    assert (await order(room, "undo", number=flushed.operation)).refused == Refusal.NO_TRACE
    held = await order(room, "hold")
    undone = await order(room, "undo")
    assert (await order(room, "undo", number=held.operation)).refused == Refusal.UNDONE
    assert (await order(room, "undo", number=undone.operation)).refused == Refusal.AN_UNDO


async def test_an_order_that_was_cut_off_has_done_the_pages_that_were_committed(
    room: QueueRoom, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(room)
    pages = 0
    whole = room.operating._page

    def dying(*given: object) -> object:
        nonlocal pages
        pages += 1
        if pages > 3:
            raise RuntimeError("cut off")
        return whole(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(room.operating, "_page", dying)
    with pytest.raises(RuntimeError):
        await order(room, "hold")
    row = operation_rows.one(room.db, 1)
    assert row is not None
    assert 0 < row.changed == len(in_state(room, _S.HELD)) < 6
    monkeypatch.undo()
    done = await order(room, "undo", number=1)
    assert (done.changed, in_state(room, _S.HELD)) == (row.changed, "")


# -- what is leased ---------------------------------------------------------------------------------------------------


async def test_undoing_a_hold_takes_back_what_was_asked_for_those_being_delivered(room: QueueRoom) -> None:
    await room.accept("a@one.example")
    (leased,) = await room.load()
    held = await order(room, "hold")
    assert (held.changed, held.busy) == (0, 1)
    assert (await order(room, "undo")).changed == 1
    await room.finish(leased, LATER)
    assert in_state(room, _S.SCHEDULED) == "a"


async def test_a_wish_that_was_done_is_undone_like_any_hold(room: QueueRoom) -> None:
    await room.accept("a@one.example")
    (leased,) = await room.load()
    await order(room, "hold")
    await room.finish(leased, LATER)
    assert in_state(room, _S.HELD) == "a"
    assert (await order(room, "undo")).changed == 1
    assert in_state(room, _S.SCHEDULED) == "a"
