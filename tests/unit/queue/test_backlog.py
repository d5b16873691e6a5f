"""The backlog: its counters are the rows', whatever happens; and a queue.db of before flows comes along whole."""

import sqlite3
from pathlib import Path
from random import Random

import pytest
from fakes.queue_room import QueueRoom
from hypothesis import given, settings, strategies as st
from youtong.queue.storage.database import connect, migrate, migrations
from youtong.queue.storage.store import QueueStore

COUNTED = "SELECT domain_id, flow_id, count(*), min(next_ms) FROM recipient WHERE state = 0 GROUP BY 1, 2 ORDER BY 1, 2"
SUMMED = (
    "SELECT ifnull(d.provider, ''), b.flow_id, sum(b.waiting) FROM backlog AS b LEFT JOIN domain AS d"
    " ON d.id = b.domain_id GROUP BY 1, 2 ORDER BY 1, 2"
)
KEPT = "SELECT domain_id, flow_id, waiting, due_ms FROM backlog ORDER BY 1, 2"


def queue_of_version_5(path: Path) -> sqlite3.Connection:
    db = connect(path)
    for number, script in enumerate(migrations()[:5], start=1):
        db.executescript(f"BEGIN;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
    messages = [
        (1, 7, "people", 0, "Ann@Example.ORG"),
        (2, 7, "people", 0, '"odd@part"@example.org'),
        (3, 7, "people", 0, ""),
        (4, 8, "bulk", 4, "news@example.org"),
        (5, 7, "people", 0, "postmaster"),
    ]
    for id_, account, mail_class, stream, path_ in messages:
        db.execute(
            "INSERT INTO message VALUES (?, ?, ?, ?, 0, ?, ?, '7BIT', 0, '', '', 1, 0, 1, 99, '', 0)",
            (id_, id_, stream, account, mail_class, path_),
        )
    db.execute("INSERT INTO domain (id, name, due_ms) VALUES (1, 'a.example', 5), (2, 'b.example', NULL)")
    rows = [(1, 1, 1, 0, 30), (2, 1, 1, 0, 20), (3, 2, 1, 0, 10), (4, 3, 2, 0, 40), (5, 4, 1, 0, 50), (6, 4, 1, 2, 60),
            (7, 4, 1, 10, None), (8, 5, 2, 0, 70)]  # fmt: skip
    db.executemany(
        "INSERT INTO recipient (id, message_id, domain_id, address, address_hash, state, next_ms)"
        " VALUES (?, ?, ?, 'x', 1, ?, ?)",
        rows,
    )
    return db


def test_a_filled_queue_of_version_5_keeps_every_recipient_and_gets_its_flows(tmp_path: Path) -> None:
    db = queue_of_version_5(tmp_path / "queue.db")
    migrate(db)
    assert db.execute("SELECT count(*) FROM recipient WHERE flow_id > 0").fetchone() == (8,)
    assert db.execute(KEPT).fetchall() == db.execute(COUNTED).fetchall() != []
    assert db.execute("SELECT * FROM waiting ORDER BY 1, 2").fetchall() == db.execute(SUMMED).fetchall() != []
    store = QueueStore(db)
    flows = {id_: store.flows.flow(flow_id).key for id_, flow_id in db.execute("SELECT id, flow_id FROM recipient")}
    assert flows[1] == flows[3]
    assert flows[1].sender_domain == "example.org"
    assert (flows[4].sender_domain, flows[8].sender_domain) == ("", "")
    assert (flows[5].stream_id, flows[5].mail_class, flows[5].account_id) == (4, "bulk", 8)
    for message, path in db.execute("SELECT id, reverse_path FROM message").fetchall():
        said = {flow for (flow,) in db.execute("SELECT flow_id FROM recipient WHERE message_id = ?", (message,))}
        assert said == {store.flow_of_message(message)}, f"another flow than a new message from {path} gets"
    db.close()


def test_the_look_at_the_backlog_walks_its_index(tmp_path: Path) -> None:
    db = connect(tmp_path / "queue.db")
    migrate(db)
    for query in (
        "SELECT look_ms FROM backlog WHERE look_ms <= 5 AND (look_ms, domain_id, flow_id) > (1, 2, 3)"
        " ORDER BY look_ms, domain_id, flow_id LIMIT 3",
        "SELECT min(next_ms) FROM recipient WHERE domain_id = 1 AND flow_id = 2 AND state = 0",
    ):
        plan = str(db.execute(f"EXPLAIN QUERY PLAN {query}").fetchall())
        assert "SEARCH" in plan, plan
        assert "TEMP B-TREE" not in plan, plan
    db.close()


async def test_what_was_noted_by_an_operation_that_failed_is_not_counted(room: QueueRoom) -> None:
    def broken(_: object) -> None:
        room.store.backlog.scheduled(1, 1, 5)
        raise ValueError("broken")

    good = room.commits.submit(lambda _: room.store.backlog.scheduled(2, 2, 6))
    bad = room.commits.submit(broken)
    later = room.commits.submit(lambda _: room.store.backlog.scheduled(3, 3, 7))
    await good
    await later
    with pytest.raises(ValueError, match="broken"):
        await bad
    assert room.db.execute(KEPT).fetchall() == [(2, 2, 1, 6), (3, 3, 1, 7)]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32))
def test_the_backlog_is_exact_whatever_is_noted_in_which_order(seed: int) -> None:
    """Without leases: the bare counters against a model."""
    random = Random(seed)
    db = sqlite3.connect(":memory:", isolation_level=None)
    for script in migrations():
        db.executescript(script)
    backlog = QueueStore(db).backlog
    db.executemany("INSERT INTO domain (id, name) VALUES (?, ?)", [(each, f"d{each}.example") for each in range(3)])
    model: dict[tuple[int, int], list[int]] = {}
    for _ in range(random.randrange(40)):
        pair = (random.randrange(3), random.randrange(3))
        waiting = model.setdefault(pair, [])
        match random.randrange(5):
            case 0:
                backlog.write()
            case 1:
                name = f"d{random.randrange(3)}.example"
                backlog.learn([(name, f"mx.{name}", random.choice(["one", "two"]))])
            case 2 if waiting:
                waiting.pop(random.randrange(len(waiting)))
                backlog.gone(*pair)
            case _:
                waiting.append(random.randrange(100))
                backlog.scheduled(*pair, waiting[-1])
    backlog.write()
    kept = {(domain, flow): (waiting, due_ms) for domain, flow, waiting, due_ms in db.execute(KEPT)}
    assert {pair: count for pair, (count, _) in kept.items()} == {
        pair: len(each) for pair, each in model.items() if each
    }
    for pair, (_, due_ms) in kept.items():
        assert due_ms <= min(model[pair])
    assert db.execute("SELECT * FROM waiting ORDER BY 1, 2").fetchall() == db.execute(SUMMED).fetchall()
    db.close()
