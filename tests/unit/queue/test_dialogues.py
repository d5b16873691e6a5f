"""Dialogues in queue.db: numbered, bounded, named by the journal."""

import sqlite3
from pathlib import Path

import pytest
from fakes.queue_room import QueueRoom, report
from youtong.mta.delivery.dialogue import Dialogue, Line
from youtong.mta.outcome import Deferred, Scope, Stage
from youtong.mta.reply import reply
from youtong.mta.smtp.exchange import Voice
from youtong.queue import settlement
from youtong.queue.dialogues import Dialogues, decode
from youtong.queue.protocol import Finished
from youtong.queue.storage import dialogue_rows
from youtong.queue.storage.database import connect, migrate


def dialogue(words: str) -> Dialogue:
    return Dialogue((Line(0, Voice.CLIENT, words),))


@pytest.fixture
def db(tmp_path: Path) -> sqlite3.Connection:
    connection = connect(tmp_path / "queue.db")
    migrate(connection)
    return connection


def kept(db: sqlite3.Connection) -> list[str]:
    return [decode(said).lines[0].words for (said,) in db.execute("SELECT said FROM dialogue ORDER BY id")]


def test_a_dialogue_is_read_as_it_was_written(db: sqlite3.Connection):
    dialogues = Dialogues(dialogue_rows.newest(db))
    numbered = dialogues.number([dialogue("one \U0001f600"), dialogue("two")])
    dialogues.write(db, numbered)
    said = dialogue_rows.read(db, numbered[0][0])
    assert said is not None
    assert decode(said) == dialogue("one \U0001f600")
    assert kept(db) == ["one \U0001f600", "two"]


def test_the_oldest_go_when_there_are_more_octets_than_are_kept(db: sqlite3.Connection):
    dialogues = Dialogues(0, keep_bytes=1000)
    for n in range(50):
        dialogues.write(db, dialogues.number([dialogue(f"{n:02}")]))
    octets = db.execute("SELECT sum(length(said) + ?) FROM dialogue", (dialogue_rows.ROW_OCTETS,)).fetchone()[0]
    assert 900 < octets <= 1000 + 80  # one dialogue more at most
    assert kept(db)[-1] == "49"
    assert kept(db) == sorted(kept(db))


def test_a_lower_bound_is_reached_while_new_ones_are_written(db: sqlite3.Connection):
    many = Dialogues(0, keep_bytes=1_000_000)
    many.write(db, many.number([dialogue(f"{n:03}") for n in range(100)]))
    few = Dialogues(dialogue_rows.newest(db), keep_bytes=500)
    for _ in range(30):
        few.write(db, few.number([dialogue("new")]))
    assert set(kept(db)) == {"new"}
    assert len(kept(db)) < 10


def test_a_number_never_comes_again_though_all_was_forgotten(db: sqlite3.Connection):
    first = Dialogues(0, keep_bytes=1)
    numbers = [number for number, _ in first.number([dialogue("a"), dialogue("b")])]
    first.write(db, [(number, b"") for number in numbers])
    again = Dialogues(dialogue_rows.newest(db), keep_bytes=1)
    assert again.number([dialogue("c")])[0][0] > max(numbers)


def test_where_none_is_kept_no_fact_names_one(db: sqlite3.Connection):
    dialogues = Dialogues(0, keep_bytes=0)
    numbered = dialogues.number([dialogue("a")])
    dialogues.write(db, numbered)
    assert numbered[0][0] == 0
    assert kept(db) == []


# -- from a worker's report to the journal

PUT_OFF = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(450, "4.2.0", "later"))


async def test_the_journal_row_of_an_attempt_names_what_was_said(room: QueueRoom):
    await room.accept("b@example.com", "c@example.com")
    (leased,) = await room.load()
    finished = Finished(leased.token, [PUT_OFF, PUT_OFF], (), dialogue=2)
    await room.hear(report(finished=[finished], dialogues=[dialogue("another's"), dialogue("theirs")]))
    for address in ("b@example.com", "c@example.com"):
        number = room.journal(address)[-1].facts.dialogue
        said = dialogue_rows.read(room.db, number)
        assert said is not None
        assert decode(said) == dialogue("theirs")


async def test_an_attempt_without_a_dialogue_names_none(room: QueueRoom):
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.finish(leased, PUT_OFF)
    assert room.journal("b@example.com")[-1].facts.dialogue == 0
    assert kept(room.db) == []


async def test_a_fault_in_one_recipients_data_loses_no_dialogue_of_the_others(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
):
    await room.accept("b@example.com", "c@example.com")
    (leased,) = await room.load()
    decide = settlement.decide

    def spoilt(outcome, row, *rest):  # type: ignore[no-untyped-def]
        if row.id == 1:
            raise ValueError("spoilt")
        return decide(outcome, row, *rest)

    monkeypatch.setattr(settlement, "decide", spoilt)
    finished = Finished(leased.token, [PUT_OFF, PUT_OFF], (), dialogue=1)
    await room.hear(report(finished=[finished], dialogues=[dialogue("said")]))
    assert room.journal("c@example.com")[-1].facts.dialogue
    assert kept(room.db) == ["said"]
