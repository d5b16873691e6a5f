"""What has gone to the archive is explained and shown as before."""

import asyncio
import json
from contextlib import closing
from pathlib import Path

import pytest
from fakes.ended_mail import NOW_MS, EndedMail
from youtong.admin.cli.main import run
from youtong.queue.archive.archive_store import open_archive
from youtong.queue.archive.finding import Place, Ripe, find_page
from youtong.queue.ids import queue_id


@pytest.fixture
def archived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The number of a letter that is in the archive and no longer in queue.db."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in ("LC_ALL", "LC_MESSAGES", "YOUTONG_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    Path("youtong.toml").write_text('[server]\nhostname = "mail.example.net"\n')
    Path("var").mkdir()
    return asyncio.run(archive(tmp_path / "var"))


async def archive(folder: Path) -> int:
    mail = EndedMail(folder)
    message_id, _ = await mail.ended("x@y.test", "z@y.test")
    page = find_page(mail.db, Place(), Ripe(NOW_MS, 1 << 60))
    with closing(open_archive(folder / "archive.db")) as opened:
        opened.put(page.messages, page.recipients)
    for table in ("recipient", "message", "journal"):
        await mail.run(f"DELETE FROM {table}")
    await mail.close()
    return message_id


def told(line: str, capfd: pytest.CaptureFixture[str]) -> str:
    assert run(line.split()) == 0, capfd.readouterr().err
    return capfd.readouterr().out


def test_explain_recipient_tells_of_an_archived_letter(archived: int, capfd: pytest.CaptureFixture[str]) -> None:
    out = told("explain recipient X@y.test", capfd)
    assert queue_id(archived) in out
    assert "cancelled" in out
    assert "somebody" in out


def test_explain_message_tells_each_step_of_an_archived_letter(
    archived: int, capfd: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(told(f"explain message {queue_id(archived)} --json", capfd))
    assert [each["kind"] for each in document["events"] if each["recipient"] == "z@y.test"] == ["held", "cancelled"]
    assert len(document["recipients"]) == 2


def test_queue_show_shows_an_archived_letter(archived: int, capfd: pytest.CaptureFixture[str]) -> None:
    out = told(f"queue show {queue_id(archived)}", capfd)
    assert "x@y.test" in out
    assert "z@y.test" in out
