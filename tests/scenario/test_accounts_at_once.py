"""When a verb over accounts returns, a running server acts on it: no login is wrong or right for a moment longer."""

import asyncio
import smtplib
import ssl
from pathlib import Path

import pytest
from fakes.owner_here import owner_here
from youtong.admin.cli.main import run
from youtong.admin.serve import OwnerServer

pytestmark = pytest.mark.scenario
USER = "ann@a.example"
CONFIG = """\
[server]
hostname = "mta.test"
[submission]
listen = "127.0.0.1:0"
listen_tls = []
processes = {processes}
[delivery]
enabled = false
"""


def mail_from(server: OwnerServer, password: str, sender: str) -> int:
    """The code of the login, or of MAIL when that went well."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP("127.0.0.1", server.submission.addresses[0][1], "laptop.test", timeout=10) as client:
        client.starttls(context=context)
        try:
            client.login(USER, password)
        except smtplib.SMTPAuthenticationError as refused:
            return refused.smtp_code
        return client.mail(sender)[0]


@pytest.mark.parametrize("processes", [0, 2])
async def test_a_change_holds_when_its_verb_returns(
    processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "youtong.toml"
    path.write_text(CONFIG.format(processes=processes), encoding="utf-8")
    monkeypatch.setenv("YOUTONG_CONFIG", str(path))
    monkeypatch.setattr("youtong.admin.cli.account.read_password", lambda _from_stdin: typed[-1])
    typed = ["the first password"]

    async def verb(line: str) -> None:
        assert await asyncio.to_thread(run, line.split()) == 0

    async def says(password: str, sender: str = USER) -> int:
        return await asyncio.to_thread(mail_from, server, password, sender)

    async with owner_here(path) as server:
        await verb(f"account add {USER}")
        assert await says("the first password") == 250
        assert await says("the first password", "x@b.example") == 553
        await verb(f"account domain add {USER} b.example")
        assert await says("the first password", "x@b.example") == 250
        typed.append("the second password")
        await verb(f"account passwd {USER}")
        assert await says("the first password") == 535
        assert await says("the second password") == 250
        await verb(f"account disable {USER}")
        assert await says("the second password") == 535
        await verb(f"account enable {USER}")
        assert await says("the second password") == 250
