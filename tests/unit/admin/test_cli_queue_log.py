"""`youtong queue log`: one line a fact, chosen, as far back as asked, and followed."""

import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.explained import config_of
from fakes.queue_room import QueueRoom
from youtong.admin.cli import queue_log
from youtong.admin.cli.main import run
from youtong.admin.cli.queue_log import Chosen
from youtong.mta.outcome import Deferred, Peer, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.reading import AddressedFact, reading
from youtong.queue.storage import reads

PEER = Peer("mx.b.example", "192.0.2.1", "TLSv1.3")
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(450, "4.2.0", "Grey\x07listed"), peer=PEER)


@pytest.fixture
async def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[QueueRoom]:
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "YOUTONG_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    (tmp_path / "youtong.toml").write_text('[server]\nhostname = "mail.example.net"\n')
    (tmp_path / "var").mkdir()
    made = await QueueRoom(tmp_path / "var").open()
    await made.accept("bob@b.example")
    (leased,) = await made.load()
    await made.finish(leased, LATER)
    await made.accept("eve@c.example", hold="wrong attachment")
    yield made
    await made.close()


def told(capfd: pytest.CaptureFixture[str], line: str) -> list[str]:
    assert run(["queue", "log", "--since", "9999d", *line.split()]) == 0
    return capfd.readouterr().out.splitlines()


async def test_a_line_says_when_which_from_to_what_where_and_in_whose_words(
    room: QueueRoom, capfd: pytest.CaptureFixture[str]
) -> None:
    (deferred,) = [line for line in told(capfd, "") if "deferred" in line]
    assert deferred.startswith("2023-11-1")
    assert "  q0000001  <a@example.org> → <bob@b.example>  deferred until " in deferred
    assert deferred.endswith("  mx.b.example [192.0.2.1], TLSv1.3, attempt 1  450 4.2.0 Grey listed")


async def test_a_log_is_narrowed_to_a_domain_or_an_address_in_any_case(
    room: QueueRoom, capfd: pytest.CaptureFixture[str]
) -> None:
    for choice in ("--domain c.example", "--recipient EVE@c.example"):
        lines = told(capfd, choice)
        assert lines
        assert all("<eve@c.example>" in line for line in lines)


async def test_programs_get_an_object_a_line(room: QueueRoom, capfd: pytest.CaptureFixture[str]) -> None:
    facts = [json.loads(line) for line in told(capfd, "--json --recipient bob@b.example")]
    assert [(each["kind"], each["queue_id"], each["to"]) for each in facts][-1] == (
        "deferred", "q0000001", "bob@b.example",
    )  # fmt: skip
    assert [each["seq"] for each in facts] == sorted(each["seq"] for each in facts)


async def test_a_span_that_is_none_is_refused(room: QueueRoom, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["queue", "log", "--since", "soon"]) == 2
    assert "is not a span of time" in capfd.readouterr().err


async def test_following_tells_what_happens_after_the_last_line(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[AddressedFact] = []

    class Enough(Exception):
        pass

    slept: list[float] = []

    def next_moment(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) > 1:
            raise Enough
        room.db.execute(
            "INSERT INTO journal (at_ms, kind, account_id, message_id, recipient_id, prev_seq, facts)"
            " VALUES (?, 'delivered', 7, 1, 1, 0, '{}')",
            (room.clock.now_ms(),),
        )

    monkeypatch.setattr(queue_log.time, "sleep", next_moment)
    with pytest.raises(Enough):
        queue_log._told(config_of(room), Chosen(), 0, True, lines.append)
    assert [str(each.row.kind) for each in lines][-1] == "delivered"
    assert len({each.row.seq for each in lines}) == len(lines)


async def test_facts_since_a_time_are_found_by_halving(room: QueueRoom) -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE journal (seq INTEGER PRIMARY KEY, at_ms INTEGER)")
    assert reads.seq_before(db, 5) == 0
    db.executemany("INSERT INTO journal VALUES (?, ?)", [(seq, seq * 10) for seq in range(3, 400, 3)])
    for at_ms in (0, 30, 31, 60, 2000, 3990, 5000):
        behind = reads.seq_before(db, at_ms)
        found = [seq for (seq,) in db.execute("SELECT seq FROM journal WHERE seq > ?", (behind,))]
        assert found == [seq for seq in range(3, 400, 3) if seq * 10 >= at_ms]
    with reading(room.folder) as reader:
        assert reader.seq_before(room.clock.now_ms() + 1) == reader.facts_after(0, 100)[-1].row.seq
