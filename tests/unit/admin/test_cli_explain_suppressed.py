"""`youtong explain` of an address that is suppressed: who, why, since when and how to lift it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.queue_room import QueueRoom
from fakes.terminal import Terminal, TerminalBeside
from youtong.admin.cli.explain_suppressed import standing
from youtong.admin.config import Config, Server
from youtong.mta.outcome import Failed, Peer, Scope, Stage
from youtong.mta.reply import reply

pytestmark = pytest.mark.usefixtures("at_home")
UNKNOWN = Failed(
    Stage.RCPT, Scope.RECIPIENT, reply(550, "5.1.1", "User unknown"), "", Peer("mx.b.example"), "no-such-user"
)
STOPS = "from now on this address gets no bulk or transactional mail"


@pytest.fixture
def terminal(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> TerminalBeside:
    return TerminalBeside(Terminal(capfd, monkeypatch))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[QueueRoom]:
    (tmp_path / "var").mkdir()
    made = await QueueRoom(tmp_path / "var").open()
    yield made
    await made.close()


async def bounced(room: QueueRoom) -> None:
    await room.accept("bob@b.example")
    (leased,) = await room.load()
    await room.finish(leased, UNKNOWN)


async def test_an_address_without_letters_says_what_suppresses_it(room: QueueRoom, terminal: TerminalBeside) -> None:
    await terminal.type("suppression add bob@b.example --note trade-fair")
    assert await terminal.type("explain recipient bob@b.example") == 0
    nothing, told = terminal.out.splitlines()
    assert nothing == "There is no message to bob@b.example in the queue."
    assert told.startswith("Suppressed  for everybody: on the list of addresses not to write to (entry 1, since ")
    assert told.endswith("entered by a person); trade-fair; to lift it: youtong suppression remove 1")


async def test_a_pattern_that_covers_the_address_is_told_by_its_name(room: QueueRoom, terminal: TerminalBeside) -> None:
    await terminal.type("suppression add *.b.example --reason block")
    assert await terminal.type("explain recipient bob@mx.b.example") == 0
    assert "for everybody, by the pattern *.b.example: blocked by the operator (entry 1, since " in terminal.out


async def test_mail_stops_only_while_the_entry_stands(room: QueueRoom, terminal: TerminalBeside) -> None:
    await bounced(room)
    assert await terminal.type("explain recipient bob@b.example") == 0
    assert STOPS not in terminal.out
    await terminal.type("suppression add bob@b.example")
    assert await terminal.type("explain message q0000001") == 0
    assert STOPS in terminal.out
    assert "Suppressed" in terminal.out
    (told,) = await terminal.json("explain recipient bob@b.example")  # type: ignore[misc]
    assert [each["number"] for each in told["suppressed"]] == [1]
    await terminal.type("suppression remove bob@b.example")
    assert await terminal.type("explain recipient bob@b.example") == 0
    assert STOPS not in terminal.out
    assert "Suppressed" not in terminal.out


def test_of_a_book_that_cannot_be_read_nothing_is_said(tmp_path: Path) -> None:
    config = Config(server=Server(hostname="mail.example.org", data_dir=tmp_path))
    assert standing(config, ["bob@b.example"], [7], 0) is None
    (tmp_path / "app.db").write_bytes(b"no database" * 500)
    assert standing(config, ["bob@b.example"], [7], 0) is None
