"""`youtong queue inbound` as a person or a program runs it."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.inbound_house import HOST, OURS, InboundHouse, submission
from youtong.admin.cli.inbound_output import kind_words
from youtong.admin.cli.main import run
from youtong.mta.submission.ports import InlineBody
from youtong.queue.inbound.inbound_mail import Effect, InboundKind, ReadAs
from youtong.queue.storage import inbound_rows

pytestmark = pytest.mark.usefixtures("at_home")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[InboundHouse]:
    (tmp_path / "var").mkdir()
    made = await InboundHouse(tmp_path / "var").open()
    yield made
    await made.close()


async def type_line(line: str, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = await asyncio.to_thread(run, line.split())
    output = capfd.readouterr()
    return code, output.out + output.err


async def three(house: InboundHouse) -> None:
    await house.sink.accept(submission(f"{house.signer.verp(5)}@{OURS}"))
    await house.sink.accept(submission(f"ann@{OURS}", f"bob@{OURS}", reverse_path="x@elsewhere.example"))
    await house.sink.accept(submission(f"postmaster@{HOST}", body=InlineBody("\x1b[2Jhello, 陈\r\n".encode())))


async def test_what_came_is_listed_newest_first(house: InboundHouse, capfd: pytest.CaptureFixture[str]) -> None:
    await three(house)
    code, out = await type_line("queue inbound", capfd)
    assert code == 0
    title, _line, *rows = out.splitlines()
    assert title.split() == ["Number", "Kind", "From", "Came", "To", "Size", "Read", "as"]
    assert [row.split()[0] for row in rows] == ["i0000003", "i0000002", "i0000001"]
    assert [word in row for word, row in zip(["postmaster", "answer", "bounce address"], rows, strict=True)] == [
        True
    ] * 3
    assert f"ann@{OURS} +1" in rows[1]


async def test_the_listing_is_narrowed_by_kind_of_any_recipient_and_cut(
    house: InboundHouse, capfd: pytest.CaptureFixture[str]
) -> None:
    await three(house)
    _code, out = await type_line("queue inbound --json --kind answer", capfd)
    [message] = json.loads(out)
    assert [each["address"] for each in message["recipients"]] == [f"ann@{OURS}", f"bob@{OURS}"]
    assert (message["inbound_id"], message["reverse_path"]) == ("i0000002", "x@elsewhere.example")
    _code, out = await type_line("queue inbound --limit 2", capfd)
    assert out.splitlines()[-1] == "There are more; --limit shows them."


async def test_one_message_is_shown_without_what_could_harm_a_terminal(
    house: InboundHouse, capfd: pytest.CaptureFixture[str]
) -> None:
    await three(house)
    code, out = await type_line("queue inbound i3", capfd)
    assert code == 0
    assert "?[2Jhello, 陈" in out
    assert "\x1b" not in out
    assert f"postmaster@{HOST}" in out
    _code, out = await type_line("queue inbound i3 --json", capfd)
    assert json.loads(out)["body"] == "\x1b[2Jhello, 陈\r\n"


async def test_nothing_and_a_wrong_number_are_said(house: InboundHouse, capfd: pytest.CaptureFixture[str]) -> None:
    assert await type_line("queue inbound", capfd) == (0, "Nothing came.\n")
    code, out = await type_line("queue inbound i7", capfd)
    assert (code, out) == (1, "youtong: There is no inbound mail i0000007.\n")
    code, out = await type_line("queue inbound nonsense!", capfd)
    assert code == 2


def test_each_kind_has_words_of_its_own() -> None:
    assert len({kind_words(kind) for kind in InboundKind}) == len(InboundKind)


async def test_what_a_message_was_read_as_and_what_followed_is_said(
    house: InboundHouse, capfd: pytest.CaptureFixture[str]
) -> None:
    await three(house)
    await house.commits.submit(lambda db: inbound_rows.mark_read(db, 1, ReadAs.BOUNCE, Effect.RECORDED))
    await house.commits.submit(lambda db: inbound_rows.mark_read(db, 2, ReadAs.LETTER, Effect.NOTHING))
    _code, out = await type_line("queue inbound", capfd)
    _title, _line, *rows = out.splitlines()
    assert "not read yet" in rows[0]
    assert rows[1].rstrip().endswith("message")
    assert rows[2].rstrip().endswith("bounce: written into its recipient's history")
    _code, out = await type_line("queue inbound --json", capfd)
    said = [(message["read_as"], message["effect"]) for message in json.loads(out)]
    assert said == [(None, None), ("letter", None), ("bounce", "recorded")]
