"""The control sockets: JSON lines, for nobody but us."""

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from youtong.admin.control import Answer, ControlServer, NotRunning, Refused, ask, socket_path
from youtong.admin.texts import CHINESE, ENGLISH, _, current_language, speaking


async def _handle(question: dict[str, Any]) -> Answer:
    match question.get("verb"):
        case "add":
            return {"sum": question["a"] + question["b"]}
        case "refuse":
            raise Refused("not today")
        case "refuse by catalogue":
            raise Refused(_("There is no such stream."))
        case _:
            raise RuntimeError("a fault of ours")


@pytest.fixture
async def data_dir(tmp_path: Path) -> AsyncIterator[Path]:
    (tmp_path / "run").mkdir()
    server = ControlServer(socket_path(tmp_path, "owner"), _handle)
    await server.start()
    yield tmp_path
    await server.stop()


async def _ask(data_dir: Path, question: dict[str, Any]) -> Answer:
    return await asyncio.to_thread(ask, data_dir, "owner", question)


async def test_a_question_is_answered(data_dir: Path) -> None:
    assert await _ask(data_dir, {"verb": "add", "a": 1, "b": 2}) == {"sum": 3}


async def test_a_refusal_carries_its_sentence(data_dir: Path) -> None:
    with pytest.raises(Refused, match="not today"):
        await _ask(data_dir, {"verb": "refuse"})


async def test_a_fault_of_one_question_does_not_end_the_next(data_dir: Path) -> None:
    with pytest.raises(Refused, match="a fault of ours"):
        await _ask(data_dir, {"verb": "?"})
    assert await _ask(data_dir, {"verb": "add", "a": 2, "b": 2}) == {"sum": 4}


async def test_who_asks_is_answered_in_their_own_language(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    for language, sentence in ((CHINESE, "没有这个邮件流。"), (ENGLISH, "There is no such stream.")):
        with speaking(language), pytest.raises(Refused, match=sentence):
            await _ask(data_dir, {"verb": "refuse by catalogue"})


def test_a_language_that_there_is_not_leaves_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    with speaking("tlh"):
        assert current_language() == CHINESE


async def test_only_the_owner_of_the_process_may_connect(data_dir: Path) -> None:
    assert stat.S_IMODE(socket_path(data_dir, "owner").stat().st_mode) == 0o600


async def test_files_made_while_the_socket_starts_have_their_usual_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The umask is the process's: another task must never run under the socket's own."""
    (tmp_path / "run").mkdir()
    start = asyncio.start_unix_server

    async def start_and_meanwhile(*args: Any, **options: Any) -> asyncio.Server:
        (tmp_path / "meanwhile").touch()
        return await start(*args, **options)

    monkeypatch.setattr(asyncio, "start_unix_server", start_and_meanwhile)
    (tmp_path / "before").touch()
    server = ControlServer(socket_path(tmp_path, "owner"), _handle)
    await server.start()
    await server.stop()
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("before", "meanwhile")]
    assert modes[0] == modes[1] != 0o600


async def test_a_socket_file_of_a_dead_process_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    path = socket_path(tmp_path, "owner")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    server = ControlServer(path, _handle)
    await server.start()
    assert await _ask(tmp_path, {"verb": "add", "a": 1, "b": 1}) == {"sum": 2}
    await server.stop()


def test_without_a_server_the_answer_is_that_none_runs(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        ask(tmp_path, "owner", {"verb": "add"})


async def test_a_path_too_long_for_a_socket_is_reached_from_where_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    (deep / "run").mkdir(parents=True)
    monkeypatch.chdir(deep)
    server = ControlServer(socket_path(deep, "owner"), _handle)
    await server.start()
    assert await _ask(deep, {"verb": "add", "a": 1, "b": 0}) == {"sum": 1}
    await server.stop()
