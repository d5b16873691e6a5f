"""The first steps of a newcomer, with real processes: what `youtong serve` and `youtong demo` print, how they end."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path
from random import Random

import pytest
from fakes.components import require_command
from fakes.running import free_port
from youtong.admin.demo.show import Demonstration, Pace, Stage
from youtong.mta.clock import SystemClock

pytestmark = pytest.mark.scenario
YOUTONG = str(Path(sys.executable).with_name("youtong"))
ENGLISH = {**os.environ, "LC_ALL": "C.UTF-8", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
PIPE, STDOUT = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT


async def started(folder: Path, *words: str, environment: dict[str, str] = ENGLISH) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        YOUTONG, *words, cwd=folder, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, stderr=STDOUT,
        start_new_session=True,
    )  # fmt: skip


async def said(folder: Path, *words: str) -> tuple[str, int | None]:
    """The whole output of a verb that ends by itself, and its exit code."""
    process = await started(folder, *words)
    output, _ = await process.communicate()
    return output.decode(), process.returncode


async def until_line(process: asyncio.subprocess.Process, wanted: str) -> str:
    """What it printed up to the line that holds `wanted`."""
    assert process.stdout is not None
    text = ""
    while wanted not in text:
        line = (await process.stdout.readline()).decode()
        assert line, f"it ended without saying {wanted!r}:\n{text}"
        text += line
    return text


async def end(process: asyncio.subprocess.Process) -> int:
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
    await process.communicate()
    assert process.returncode is not None
    return process.returncode


def write_config(folder: Path, *, more: str = "", port: int | None = None) -> None:
    listen = f'[submission]\nlisten = "127.0.0.1:{port or free_port()}"\nlisten_tls = []\n'
    (folder / "youtong.toml").write_text(
        f'[server]\nhostname = "mail.test"\n{listen}[delivery]\nenabled = false\n{more}'
    )


@pytest.mark.parametrize("client", ["curl", "python3"])
async def test_the_printed_first_letter_works_as_printed_and_is_explained(tmp_path: Path, client: str) -> None:
    write_config(tmp_path)
    path = ENGLISH["PATH"] if client == "curl" else str(Path(sys.executable).parent)  # there is no curl in .venv
    server = await started(tmp_path, "serve", environment={**ENGLISH, "PATH": path})
    try:
        text = await until_line(server, "--help")
        sending = await asyncio.create_subprocess_shell(
            printed_command(text, client), cwd=tmp_path, env=ENGLISH, stdout=PIPE, stderr=STDOUT
        )
        output, _ = await sending.communicate()
        assert sending.returncode == 0, output.decode()
        explained = re.search(r"explain recipient \S+", text)
        assert explained is not None
        assert "A first message" in (await said(tmp_path, *explained[0].split()))[0]
    finally:
        assert await end(server) == 0


def printed_command(text: str, client: str) -> str:
    if client == "curl":
        require_command("curl", "curl")
    found = re.search(
        r" +printf .*--upload-file -\n" if client == "curl" else r'python3 -c ".*quit\(\)"\n', text, re.DOTALL
    )
    assert found is not None, text
    return found[0]


async def test_commands_name_the_configuration_only_when_it_is_another_than_the_usual(tmp_path: Path) -> None:
    write_config(tmp_path)
    for words, expected in ((["serve"], 0), (["serve", "--config", "youtong.toml"], 0)):
        server = await started(tmp_path, *words)
        assert (await until_line(server, "--help")).count("--config") == expected
        await end(server)
    (tmp_path / "other.toml").write_text((tmp_path / "youtong.toml").read_text())
    server = await started(tmp_path, "serve", "--config", "other.toml")
    assert "--config other.toml" in await until_line(server, "--help")
    await end(server)


async def test_the_password_is_shown_at_the_first_start_only(tmp_path: Path) -> None:
    write_config(tmp_path)
    texts: list[str] = []
    for _ in range(2):
        server = await started(tmp_path, "serve")
        texts.append(await until_line(server, "--help"))
        await end(server)
    assert ["shown this once" in text for text in texts] == [True, False]


async def test_a_port_that_is_taken_is_one_sentence_and_the_password_is_not_lost(tmp_path: Path) -> None:
    other = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    write_config(tmp_path, port=port)
    output, code = await said(tmp_path, "serve")
    other.close()
    await other.wait_closed()
    assert code == 1
    assert f"Another program listens at 127.0.0.1:{port} already" in output
    assert "Password (shown this once)" in output
    assert "Traceback" not in output


async def test_a_second_server_on_the_same_folder_is_one_sentence(tmp_path: Path) -> None:
    write_config(tmp_path)
    server = await started(tmp_path, "serve")
    await until_line(server, "--help")
    output, code = await said(tmp_path, "serve")
    assert (output.count("\n"), code) == (1, 1)
    assert "Another server runs on var already" in output
    assert await end(server) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[server]\nhostname = "mail.test"\ncolour = "red"\n', "colour"),
        ('[server]\nhostname = "mail.test"\ndata_dir = "/dev/null/var"\n', "data_dir"),
    ],
)
async def test_a_faulty_configuration_is_said_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "youtong.toml").write_text(text)
    output, code = await said(tmp_path, "serve")
    assert code == 1
    assert words in output
    assert "line 3" in output


async def test_the_demo_in_a_pipe_prints_lines_without_control_codes_and_leaves_nothing_running(tmp_path: Path) -> None:
    demo = await started(tmp_path, "demo")
    text = await until_line(demo, "failed permanently")
    demo.send_signal(signal.SIGINT)
    output, _ = await demo.communicate()
    text += output.decode()
    assert demo.returncode == 0
    assert "\x1b" not in text
    assert " has it: " in text
    assert re.search(r"received twice +0\n", text)
    assert [pid for pid, line in _command_lines().items() if str(tmp_path) in line] == []


async def test_the_demo_ends_by_itself(tmp_path: Path) -> None:
    output, code = await said(tmp_path, "demo", "--seconds", "0.5", "--folder", "here")
    assert code == 0, output
    assert "queue list --config here/youtong.toml" in output


class Watching:
    """A view that ends the demonstration once everything that it is to show was seen."""

    def __init__(self) -> None:
        self.seen = asyncio.Event()

    def show(self, stage: Stage) -> None:
        lines = {group.label: line for group, line in stage.picture.lines.items()}
        if lines["greylisting"].delivered and lines["never answers"].on_the_way and lines["senders' inbox"].delivered:
            self.seen.set()


async def test_letters_arrive_wait_and_bounce_and_every_one_is_signed(tmp_path: Path) -> None:
    view = Watching()
    demonstration = Demonstration(tmp_path, view, SystemClock(), Pace(letter=0.1, flush=2.0, look=0.1), Random(7))
    running = asyncio.create_task(demonstration.run())
    seen = asyncio.create_task(view.seen.wait())
    await asyncio.wait([running, seen], return_when=asyncio.FIRST_COMPLETED)
    seen.cancel()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    ledger = demonstration.stage.ledger
    assert ledger is not None
    assert ledger.duplicates() == []
    letters = [
        each.content
        for each in ledger.newest
        if b"\r\nFrom: " in each.content and b"multipart/report" not in each.content
    ]
    assert letters
    assert all(content.startswith(b"DKIM-Signature: ") or b"\r\nDKIM-Signature: " in content for content in letters)


def _command_lines() -> dict[int, str]:
    found: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found[int(folder.name)] = (folder / "cmdline").read_text("utf-8", "replace")
        except OSError:
            continue
    return found
