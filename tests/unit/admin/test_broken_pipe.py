"""Whoever reads our output may leave, as `head` does: a verb then ends quietly, with exit code 1, and serve goes on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.running import free_port
from youtong.queue.storage.database import connect, migrate

YOUTONG = str(Path(sys.executable).with_name("youtong"))
SIMULATOR = """
[simulator]
port = {port}
dns = "127.0.0.1:{dns}"
"""


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    Path("youtong.toml").write_text('[server]\nhostname = "mail.example.net"\n')


def to_nobody(*words: str) -> subprocess.Popen[str]:
    """A command whose output nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(words, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    return process


@pytest.mark.parametrize("words", ["", "--help", "config show", "queue list", "simulator --config s.toml"])
def test_a_verb_whose_reader_left_ends_without_a_word(words: str) -> None:
    Path("s.toml").write_text(SIMULATOR.format(port=free_port(), dns=free_port()))
    Path("youtong.toml").write_text('[server]\nhostname = "mail.example.net"\nstop_seconds = 9\n')
    Path("var").mkdir()
    queue = connect(Path("var", "queue.db"))
    migrate(queue)
    queue.close()
    process = to_nobody(YOUTONG, *words.split())
    _, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (1, "")


def test_a_server_whose_greeting_nobody_reads_goes_on() -> None:
    process = to_nobody(sys.executable, "-c", "from youtong.admin.cli.serve import _greet; _greet('hello'); print(1)")
    _, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (0, "")
