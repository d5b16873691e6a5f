"""Several processes serve sessions, and to a client there is one server: one throttle, one count, one policy."""

import asyncio
import os
import signal
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fakes.owner_here import MovedClock, owner_here
from fakes.running import until
from fakes.smtp_talk import Talk
from youtong.admin.accounts import AccountRegister
from youtong.admin.accounts.secrets import chosen_verifier
from youtong.admin.accounts.throttle import PER_NETWORK
from youtong.admin.serve import OwnerServer
from youtong.admin.store import AppDatabase

pytestmark = pytest.mark.scenario

USER, PASSWORD = "ann@a.example", "correct horse"
LETTER = b"From: ann@a.example\r\nSubject: hello\r\n\r\nhello\r\n.\r\n"
CONFIG = """\
[server]
hostname = "mta.test"
[submission]
listen = "127.0.0.1:0"
listen_tls = ["127.0.0.1:0"]
processes = 2
[delivery]
enabled = false
[people]
messages_per_hour = 1
recipients_per_hour = 3
"""


async def _add_account(folder: Path) -> None:
    (folder / "var").mkdir()
    app = await AppDatabase.open(folder / "var" / "app.db")
    try:
        await AccountRegister(app, MovedClock()).add(USER, chosen_verifier(PASSWORD))
    finally:
        await app.close()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[OwnerServer]:
    path = tmp_path / "youtong.toml"
    path.write_text(CONFIG, encoding="utf-8")
    await _add_account(tmp_path)
    async with owner_here(path) as server:
        yield server


@asynccontextmanager
async def one_talk_with_each(server: OwnerServer) -> AsyncIterator[tuple[Talk, Talk]]:
    """A session in each of the two processes: while one stands still, the other accepts."""
    talks: list[Talk] = []
    pids = await both_serve(server)
    for still in pids:
        os.kill(still, signal.SIGSTOP)
        try:
            talk = await Talk.to(server.submission.addresses[0])
            talks.append(talk)
            assert (await asyncio.wait_for(talk.reply(), 10)).startswith("220")
            assert (await talk.say("EHLO laptop.test")).startswith("250")
        finally:
            os.kill(still, signal.SIGCONT)
    try:
        yield talks[0], talks[1]
    finally:
        for talk in talks:
            talk.close()


async def both_serve(server: OwnerServer) -> list[int]:
    """Their pids, once they have begun."""

    async def have_begun() -> bool:
        return len(server.submission.pids()) == 2

    await until(have_begun, "they never began")
    return server.submission.pids()


def plain(password: str) -> str:
    return "AUTH PLAIN " + b64encode(f"\0{USER}\0{password}".encode()).decode()


async def test_failed_logins_count_together_whichever_process_heard_them(server: OwnerServer) -> None:
    async with one_talk_with_each(server) as talks:
        failures = [await talks[number % 2].say(plain(f"wrong {number}")) for number in range(4)]
        assert [said[:3] for said in failures] == ["535"] * 4
    said = [""]
    for number in range(4, PER_NETWORK):
        talk = await Talk.to(server.submission.addresses[0])
        await talk.reply()
        await talk.say("EHLO laptop.test")
        said.append(await talk.say(plain(f"wrong {number}")))
        talk.close()
    assert said[-1].startswith("535")
    async with one_talk_with_each(server) as talks:
        assert [(await talk.say(plain(PASSWORD)))[:3] for talk in talks] == ["454", "454"]


async def test_two_sessions_in_two_processes_cannot_both_have_the_last_place(server: OwnerServer) -> None:
    async with one_talk_with_each(server) as talks:
        for talk in talks:
            assert (await talk.say(plain(PASSWORD))).startswith("235")
            assert (await talk.say(f"MAIL FROM:<{USER}>")).startswith("250"), "advice, and there is room"
            assert [(await talk.say(f"RCPT TO:<b{n}@b.example>"))[:3] for n in range(4)] == ["250"] * 3 + ["452"]
            assert (await talk.say("DATA")).startswith("354")
        said = await asyncio.gather(*(talk.send(LETTER) for talk in talks))
        assert sorted(each[:3] for each in said) == ["250", "450"]
        assert [(await talk.say(f"MAIL FROM:<{USER}>"))[:9] for talk in talks] == ["450 4.7.1"] * 2


async def test_a_reload_reaches_sessions_that_are_open_in_every_process(server: OwnerServer, tmp_path: Path) -> None:
    async with one_talk_with_each(server) as talks:
        policy = "from youtong.policy.hooks import refuse\ndef connection(facts): return None\n"
        policy += "def mail_from(facts): return refuse(550, '5.7.1', 'not today')\n"
        (tmp_path / "policy.py").write_text(policy, encoding="utf-8")
        server.reload()
        for talk in talks:
            assert (await talk.say(plain(PASSWORD))).startswith("235"), "the session goes on"

            async def refuses(talk: Talk = talk) -> bool:
                said = await talk.say(f"MAIL FROM:<{USER}>")
                await talk.say("RSET")
                return said == "550 5.7.1 not today"

            await until(refuses, "the new policy never came")


async def test_a_process_that_starts_later_takes_the_policy_in_force_whatever_the_file_says_meanwhile(
    server: OwnerServer, tmp_path: Path
) -> None:
    pids = await both_serve(server)
    (tmp_path / "policy.py").write_text("broken", encoding="utf-8")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)

    async def are_others() -> bool:
        return len(server.submission.pids()) == 2 and not {*server.submission.pids()} & {*pids}

    await until(are_others, "nobody took their places")
    async with one_talk_with_each(server) as talks:
        assert [(await talk.say(plain(PASSWORD)))[:3] for talk in talks] == ["235", "235"]


async def test_implicit_tls_is_served_by_every_process(server: OwnerServer) -> None:
    await both_serve(server)
    for still in server.submission.pids():
        os.kill(still, signal.SIGSTOP)
        try:
            talk = await asyncio.wait_for(Talk.to(server.submission.tls_addresses[0], tls=True), 10)
            assert (await talk.reply()).startswith("220")
            talk.close()
        finally:
            os.kill(still, signal.SIGCONT)
