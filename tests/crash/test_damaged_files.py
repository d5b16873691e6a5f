"""A database file is overwritten in part: the server says which and what to do, and starts on nothing unsound."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fakes.internet import change, own_domain, simulated_internet
from fakes.posting import letters, post
from fakes.running import PATIENCE_SECONDS, Running

pytestmark = pytest.mark.crash


async def _stopped(tmp_path: Path) -> Running:
    """A stopped server with letters that wait."""
    async with simulated_internet(own=2) as internet:
        change(internet, "own0", rule=[{"at": "mail", "do": "reply", "reply": "451 4.3.0 Not now"}])
        running = Running(tmp_path, internet)
        await running.start()
        await post(running, letters("waits", 5, [own_domain(0)]))
        assert await running.terminate() == 0
    return running


def _overwrite(path: Path, at: int) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * (path.stat().st_size - at))


@pytest.mark.parametrize("at", [0, 4096], ids=["from the start", "behind the first page"])
@pytest.mark.parametrize("name", ["queue.db", "app.db"])
async def test_a_damaged_database_is_named_in_a_sentence_and_nothing_is_started(
    name: str, at: int, tmp_path: Path
) -> None:
    running = await _stopped(tmp_path)
    path = running.data_dir / name
    _overwrite(path, at)
    before, said = path.read_bytes(), len(running.log())
    process = await running.spawn()
    assert await asyncio.wait_for(process.wait(), PATIENCE_SECONDS) == 1
    words = running.log()[said:]
    assert f"youtong: {path} is damaged" in words
    assert ".recover" in words
    assert "Traceback" not in words
    assert path.read_bytes() == before


async def test_a_damaged_archive_keeps_no_mail_from_being_taken(tmp_path: Path) -> None:
    running = await _stopped(tmp_path)
    (running.data_dir / "archive.db").write_bytes(os.urandom(8192))
    try:
        await running.start()
        sent = letters("later", 3, [own_domain(0)])
        await post(running, sent)
        assert {letter.reply[:3] for letter in sent} == {"250"}
        assert running.count("SELECT count(*) FROM recipient") == 16
    finally:
        await running.end()
