"""What tests of admin share: a room to look at, and where and in which language a person looks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.queue_room import QueueRoom


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[QueueRoom]:
    made = await QueueRoom(tmp_path).open()
    yield made
    await made.close()


@pytest.fixture
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_english: None) -> None:
    """In a folder with a configuration file, as ann."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("YOUTONG_CONFIG", raising=False)
    monkeypatch.setenv("LOGNAME", "ann")
    Path("youtong.toml").write_text('[server]\nhostname = "mail.example.net"\n', encoding="ascii")
