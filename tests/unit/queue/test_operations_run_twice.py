"""Every real operation may run twice (a neighbour in its transaction fails): the database is the same as after once."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fakes.inbound_house import OURS, InboundHouse, submission as inbound
from fakes.queue_room import QueueRoom, report
from youtong.mta.outcome import Deferred, Delivered, Failed, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.gate import Hold, Skip
from youtong.queue.housekeeping import Housekeeper
from youtong.queue.notices.owed import DELAY_MS
from youtong.queue.operators import operations
from youtong.queue.operators.operations import Selection
from youtong.queue.people.acquaintances import Acquaintances
from youtong.queue.protocol import LaneKey, LaneNews
from youtong.queue.storage.group_commit import Done, GroupCommit, Operation
from youtong.queue.storage.people import PeopleReads
from youtong.queue.streams.streams import NewStream, StreamRecipient
from youtong.queue.workers.marks import MarkFile, mark_path

DELIVERED = Delivered(reply(250, "2.0.0", "ok"))
FAILED = Failed(Stage.RCPT, Scope.RECIPIENT, reply(550, "5.1.1", "no such user"))
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later"))
LANE = LaneKey("mx.example.com", "default")

NUMBERS = {
    name: f"SELECT {key} FROM {name} ORDER BY 1"
    for name, key in {"message": "id", "recipient": "id", "journal": "seq", "inbound": "seq"}.items()
}
COLUMNS = {
    "message.id": "message", "content.id": "message", "stream.id": "message",
    "message_id": "message", "content_id": "message", "stream_id": "message",
    "recipient.id": "recipient", "recipient_id": "recipient",
    "journal.seq": "journal", "prev_seq": "journal", "journal_seq": "journal", "inbound.seq": "inbound",
}  # fmt: skip
IN_FACTS = re.compile(r'"(?:notice_message|revision)":(\d+)')

Tables = dict[str, list[tuple[object, ...]]]


def make_neighbours_fail(commits: GroupCommit) -> list[list[int]]:
    """From now on each transaction has an operation more, which fails; how often each one ran is told."""
    told: list[list[int]] = []
    next_batch = commits._next_batch

    def counted(operation: Operation[Any]) -> Operation[Any]:
        runs: list[int] = []
        told.append(runs)
        return lambda db: (runs.append(1), operation(db))[1]

    def with_a_failing_one() -> list[tuple[Operation[Any], Done]]:
        batch = [(counted(operation), done) for operation, done in next_batch()]
        return [*batch, (_fail, lambda result, fault: None)]

    commits._next_batch = with_a_failing_one  # type: ignore[method-assign]
    return told


def _fail(db: sqlite3.Connection) -> None:
    raise ValueError("a neighbour")


def tables(path: Path) -> Tables:
    """All rows. Numbers may be skipped, so each is shown by its place in the order."""
    with closing(sqlite3.connect(path)) as db:
        places = {kind: _places(db, query) for kind, query in NUMBERS.items()}
        names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'").fetchall()
        found: Tables = {}
        for (name,) in names:
            cursor = db.execute(f"SELECT * FROM {name}")
            kinds = [COLUMNS.get(f"{name}.{column[0]}") or COLUMNS.get(column[0]) for column in cursor.description]
            found[name] = sorted((_shown(kinds, row, places) for row in cursor), key=repr)
    return found


def _places(db: sqlite3.Connection, query: str) -> dict[Any, str]:
    return {0: "none", **{row[0]: f"no. {at}" for at, row in enumerate(db.execute(query))}}


def _shown(kinds: list[str | None], row: tuple[Any, ...], places: dict[str, dict[Any, str]]) -> tuple[object, ...]:
    shown = [places[kind][value] if kind else value for kind, value in zip(kinds, row, strict=True)]
    return tuple(
        IN_FACTS.sub(lambda found: places["message"][int(found[1])], x) if isinstance(x, str) else x for x in shown
    )


async def outgoing(folder: Path, *, twice: bool) -> Tables:
    """Whatever an owner writes in a life, in turn; then a death and the recovery."""
    room = QueueRoom(folder)
    told = make_neighbours_fail(room.commits) if twice else []
    await room.open()
    room.notices._later = lambda seconds, message: None  # type: ignore[method-assign]
    await people_write(room)
    await recipients_rest_and_end(room)
    await operators_act(room)
    await a_stream_is_filled(room)
    await acquaintances_are_made(room)
    await a_lease_outlives_its_owner(room)
    await room.close()
    assert all(len(runs) == 2 for runs in told)
    counted = await recover(folder, twice=twice)
    return {"counted": [counted], **tables(folder / "queue.db")}


async def people_write(room: QueueRoom) -> None:
    room.gate.decisions = {"skip@example.com": Skip("suppressed"), "hold@example.com": Hold("paused")}
    names = ("a", "b", "skip", "hold", "c")
    await room.accept(*[f"{name}@example.com" for name in names], notify="SUCCESS,FAILURE,DELAY")
    (leased,) = await room.load()
    assert [each.address[0] for each in leased.ready.recipients] == ["a", "b", "c"]
    await room.hear(report(lanes=[LaneNews(LANE, (room.clock.monotonic(),), 1, wants_connect=False)]))
    await room.finish(leased, DELIVERED, FAILED, LATER)
    await room.accept("d@example.com")  # its route is known: leased as it is inserted
    (leased,) = room.fleet.take() or await room.load()
    await room.give_back(leased)
    (leased,) = await room.load()
    await room.give_back(leased, fault="its template is broken")
    await room.notices._try(1)


async def recipients_rest_and_end(room: QueueRoom) -> None:
    room.clock.advance(DELAY_MS / 1000)
    await room.delays.turn()
    await room.notices._try(1)
    room.hold_because = "an example hostname"
    await room.accept("e@example.net")
    await room.load()
    room.hold_because = ""
    room.routes.fails("example.edu")
    await room.accept("f@example.edu")
    await room.load()
    room.clock.advance(6 * 86_400)
    for _ in range(3):
        for leased in await room.load():
            await room.finish(leased, *[LATER] * len(leased.ready.recipients))


async def operators_act(room: QueueRoom) -> None:
    now_ms = room.clock.now_ms()
    await room.accept("g@example.com", "h@example.com", hold="ours")
    for verb in ("release", "hold", "release"):
        await room.commits.submit(
            lambda _, verb=verb: operations.operate(room.store, verb, Selection(domain="example.com"), "", "me", now_ms)
        )
    await room.commits.submit(lambda _: operations.flush(room.store, Selection(), "me", now_ms))
    await room.commits.submit(
        lambda _: operations.operate(room.store, "cancel", Selection(address="h@example.com"), "no", "me", now_ms)
    )


async def a_stream_is_filled(room: QueueRoom) -> None:
    stream = await room.streams.make(
        NewStream(7, "spring", "n@example.org", b"Subject: s\r\n\r\n", b"t\r\n", 86_400_000)
    )
    for numbers in ((1, 2), (2, 3)):
        await room.streams.enqueue(stream, [StreamRecipient(f"k{n}", f"s{n}@example.com") for n in numbers])


async def acquaintances_are_made(room: QueueRoom) -> None:
    reads = PeopleReads(room.folder / "queue.db")
    met = Acquaintances(reads, room.commits, room.clock)
    met.begin(7, {1, 2, 3})
    met.end(7, {1, 2, 3}, accepted=True)
    await room.commits.idle()
    reads.close()


async def a_lease_outlives_its_owner(room: QueueRoom) -> None:
    house = Housekeeper(room.folder / "queue.db", room.spool, room.commits, lambda: None, room.clock)
    await house.sweep()
    leased = await room.load()
    assert leased
    marks = MarkFile(mark_path(room.run_dir, 2))
    marks.leave(min(leased, key=lambda each: len(each.ready.recipients)).token)
    marks.close()


async def recover(folder: Path, *, twice: bool) -> tuple[object, ...]:
    room = QueueRoom(folder)
    if twice:
        make_neighbours_fail(room.commits)
    recovered = await room.recovery.at_start(await room.begin("owner"))
    await room.close()
    assert (recovered.unsent, recovered.maybe) == (3, 1)
    return (recovered.unsent, recovered.maybe)


async def incoming(folder: Path, *, twice: bool) -> Tables:
    house = InboundHouse(folder)
    if twice:
        make_neighbours_fail(house.commits)
    await house.open()
    for name in ("ann", "bob"):
        await house.sink.accept(inbound(f"{name}@{OURS}"))
    assert await house.store.delete([1]) == 1
    await house.store.sweep()
    await house.close()
    return tables(folder / "queue.db")


@pytest.mark.parametrize("life", [outgoing, incoming])
async def test_an_operation_that_runs_twice_leaves_what_it_leaves_when_it_runs_once(
    life: Callable[..., Any], tmp_path: Path
) -> None:
    folders = [tmp_path / "once", tmp_path / "twice"]
    for folder in folders:
        folder.mkdir()
    once, twice = [await life(folder, twice=folder.name == "twice") for folder in folders]
    assert once == twice
    assert sum(map(len, once.values())) > 1


async def test_what_the_gate_stops_is_written_also_when_its_transaction_is_redone(room: QueueRoom) -> None:
    make_neighbours_fail(room.commits)
    room.gate.decisions = {"skip@example.com": Skip("suppressed"), "hold@example.com": Hold("paused")}
    await room.accept("a@example.com", "skip@example.com", "hold@example.com")
    (leased,) = await room.load()
    assert [each.address for each in leased.ready.recipients] == ["a@example.com"]
    assert [room.kinds(f"{name}@example.com") for name in ("skip", "hold")] == [["skipped"], ["held"]]
