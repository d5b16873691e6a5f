"""Limits on people through the whole server: what a mail client hears, what is held, and what changes while it runs."""

import asyncio
import smtplib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from fakes.owner_here import MovedClock, owner_here
from youtong.admin.accounts import AccountRegister
from youtong.admin.accounts.secrets import chosen_verifier
from youtong.admin.control import ask
from youtong.admin.serve import OwnerServer
from youtong.admin.store import AppDatabase
from youtong.queue.reading import Wanted, reading

pytestmark = pytest.mark.scenario
Said = TypeVar("Said")

USER, PASSWORD = "ann@a.example", "correct horse"
LETTER = b"From: ann@a.example\r\nSubject: hello\r\n\r\nhello\r\n"
CONFIG = """\
[server]
hostname = "mta.test"
[submission]
listen = "127.0.0.1:0"
listen_tls = []
[delivery]
enabled = false
[people]
"""


def configure(folder: Path, people: str) -> Path:
    path = folder / "youtong.toml"
    path.write_text(CONFIG + people, encoding="utf-8")
    return path


class Ann:
    """A person's mail client."""

    def __init__(self, server: OwnerServer) -> None:
        self._port = server.submission.addresses[0][1]

    async def says(self, talk: Callable[[smtplib.SMTP], Said]) -> Said:
        return await asyncio.to_thread(self._talk, talk)

    def _talk(self, talk: Callable[[smtplib.SMTP], Said]) -> Said:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with smtplib.SMTP("127.0.0.1", self._port, "laptop.test", timeout=10) as client:
            client.starttls(context=context)
            client.login(USER, PASSWORD)
            return talk(client)

    async def sends(self, *recipients: str) -> int:
        """The code of the first command that did not go well, or 250."""

        def send(client: smtplib.SMTP) -> int:
            codes = [client.mail(USER)[0], *(client.rcpt(each)[0] for each in recipients)]
            refused = [code for code in codes if code >= 400]
            return refused[0] if refused else client.data(LETTER)[0]

        return await self.says(send)


@pytest.fixture
async def register(tmp_path: Path) -> AccountRegister:
    (tmp_path / "var").mkdir()
    app = await AppDatabase.open(tmp_path / "var" / "app.db")
    try:
        await AccountRegister(app, MovedClock()).add(USER, chosen_verifier(PASSWORD))
    finally:
        await app.close()
    return AccountRegister(app, MovedClock())


async def set_limits(server: OwnerServer, **limits: int | None) -> None:
    """As `youtong account credential limit` does, and until the server has seen it."""
    app = await AppDatabase.open(server.config.server.data_dir / "app.db")
    try:
        register = AccountRegister(app, MovedClock())
        (credential,) = await register.credentials(USER)
        await register.set_limits(USER, credential.id, limits)
    finally:
        await app.close()
    seen = {name: value for name, value in limits.items() if value is not None}
    async with asyncio.timeout(10):
        while server.directory.own_limits(credential.id) != seen:  # noqa: ASYNC110 - it polls a file, too
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("register")
async def test_a_mail_client_is_told_in_time_and_a_restart_or_a_day_changes_what_it_may(tmp_path: Path) -> None:
    path, clock = configure(tmp_path, "messages_per_day = 3\nrecipients_per_hour = 4"), MovedClock()
    async with owner_here(path, clock) as server:
        ann = Ann(server)
        assert await ann.sends("b@b.example", "c@b.example") == 250
        assert await ann.sends("b@b.example", "c@b.example", "d@b.example") == 452
        assert await ann.sends("b@b.example") == 250
    async with owner_here(path, clock) as server:
        ann = Ann(server)
        assert await ann.sends("b@b.example") == 250
        code, words = await ann.says(lambda client: client.mail(USER))
        assert code == 450
        assert words.startswith(b"4.7.1 This login may send 3 messages within 24 hours, and has done so; try again in ")
        assert words.isascii()
        clock.advance(25 * 3600)
        assert await ann.sends("b@b.example") == 250


@pytest.mark.usefixtures("register")
async def test_sessions_at_once_get_exactly_what_is_left(tmp_path: Path) -> None:
    async with owner_here(configure(tmp_path, "messages_per_minute = 5")) as server:
        ann = Ann(server)
        codes = await asyncio.gather(*(ann.sends("b@b.example") for _ in range(12)))
    assert sorted(codes) == [250] * 5 + [450] * 7
    with reading(tmp_path / "var") as reader:
        assert len(reader.listed(Wanted(), 100)) == 5


@pytest.mark.usefixtures("register")
async def test_limits_of_a_credential_and_of_a_reload_hold_for_the_next_message_without_a_new_login(
    tmp_path: Path,
) -> None:
    async with owner_here(configure(tmp_path, "messages_per_hour = 1")) as server:
        ann = Ann(server)
        assert [await ann.sends("b@b.example") for _ in range(2)] == [250, 450]
        await set_limits(server, messages_per_hour=2)
        assert [await ann.sends("b@b.example") for _ in range(2)] == [250, 450]
        await set_limits(server, messages_per_hour=None)
        configure(tmp_path, "messages_per_hour = 3")
        server.reload()
        assert [await ann.sends("b@b.example") for _ in range(2)] == [250, 450]


@pytest.mark.usefixtures("register")
async def test_a_letter_to_too_many_strangers_is_held_until_somebody_releases_it(tmp_path: Path) -> None:
    strangers = [f"stranger{n}@b.example" for n in range(4)]
    async with owner_here(configure(tmp_path, "new_recipients_per_day = 3")) as server:
        ann = Ann(server)
        assert await ann.sends(*strangers) == 250
        assert await ann.sends("friend@b.example") == 250
        with reading(tmp_path / "var") as reader:
            (held,) = reader.held_letters(Wanted(), 10)
        assert held.fact is not None
        assert (held.recipients, held.fact.facts.reason) == (4, "new-recipients:4:3")
        question = {"verb": "operate", "operation": "release", "selection": {}, "reason": "", "who": "eve"}
        assert (await asyncio.to_thread(ask, tmp_path / "var", "owner", question))["changed"] == 4
        assert await ann.sends(*strangers) == 250
        with reading(tmp_path / "var") as reader:
            assert reader.held_letters(Wanted(), 10) == []
