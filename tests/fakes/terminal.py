"""The command line as a person or a program types it, in this process: what it printed, its exit code."""

import asyncio
import io
import json

import pytest
from youtong.admin.cli.main import run


class Terminal:
    """Keeps what the last line printed. `first` are words that every line begins with."""

    def __init__(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *first: str) -> None:
        self._capfd, self._monkeypatch, self._first = capfd, monkeypatch, first
        self.out = self.err = ""

    def type(self, line: str, stdin: str = "") -> int:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = run([*self._first, *line.split()])
        self.out, self.err = self._capfd.readouterr()
        return code

    def json(self, line: str) -> object:
        assert self.type(f"{line} --json") == 0, self.err
        return json.loads(self.out)


class TerminalBeside:
    """The same beside a server in this loop: a line is typed in a thread, so that the server can answer."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    @property
    def out(self) -> str:
        return self._terminal.out

    @property
    def err(self) -> str:
        return self._terminal.err

    async def type(self, line: str) -> int:
        return await asyncio.to_thread(self._terminal.type, line)

    async def json(self, line: str) -> object:
        return await asyncio.to_thread(self._terminal.json, line)
