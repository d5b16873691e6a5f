"""A running server to which the simulated internet's mail for our domains leads, and its command line."""

import asyncio
import smtplib
import sys
from collections.abc import Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from fakes.running import Running, read, until
from youtong.mta.simulator.settings import ExtraRecord
from youtong.mta.simulator.simulator import Simulator

OURS, ANN = "ours.test", "ann@ours.test"


def leading_here(*domains: str) -> tuple[ExtraRecord, ...]:
    """Records with which mail for these domains goes to the host of `Running`."""
    host = ExtraRecord(name="mta.test", type="A", text="127.0.0.1")
    return (host, *(ExtraRecord(name=each, type="MX", text="10 mta.test.") for each in domains))


@asynccontextmanager
async def taking_mail(
    folder: Path, internet: Simulator, accounts: Mapping[str, tuple[str, ...]] | None = None, more: str = ""
):
    """Once it takes mail for every account; its inbound listener is at the port that deliveries go to. `more` keys of
    [inbound]."""
    owned = accounts or {ANN: (OURS,)}
    async with Running(
        folder, internet, workers=1, more=f'[inbound]\nlisten = "127.0.0.1:{internet.port}"\n{more}'
    ) as running:
        for name, domains in owned.items():
            options = [word for each in domains for word in ("--domain", each)]
            await youtong(running, "account", "add", name, *options, "--password-stdin", stdin="secret-secret")
        for name in owned:
            await until(lambda name=name: _is_taken(internet.port, name), f"the listener never learns of {name}")
        yield running


async def _is_taken(port: int, address: str) -> bool:
    return await asyncio.to_thread(answer_to, address, port) == 250


def answer_to(address: str, port: int, sender: str = "") -> int:
    """The code of the reply to its RCPT, said by a host of the world."""
    with smtplib.SMTP("127.0.0.1", port, "elsewhere.test") as client:
        client.ehlo()
        client.mail(sender)
        return client.rcpt(address)[0]


async def youtong(running: Running, *words: str, stdin: str = "") -> str:
    """What the command prints; it must succeed."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("youtong")), *words, "--config", str(running.config),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate(stdin.encode())
    assert process.returncode == 0, words
    return output.decode()


def account_number(running: Running, name: str = ANN) -> int:
    return int(str(read(running.data_dir / "app.db", "SELECT id FROM account WHERE name = ?", name)[0][0]))
