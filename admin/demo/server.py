"""The demo's server: a real `youtong serve` of its own, with accounts and keys.

Owns   its configuration, accounts and DKIM keys, starting the process, waiting for it, and ending it whatever happens.
Knows  nothing of letters, or of what its receivers are like.

The child has a session of its own: Ctrl-C reaches only the demo, which then tells the child to stop.
"""

import asyncio
import contextlib
import signal
import socket
import sys
from pathlib import Path

from ...mta.clock import Clock
from ...mta.dkim import keyfile
from ...mta.dkim.key import Algorithm, SigningKey, generate
from ...mta.envelope import Domain
from ..accounts import AccountRegister
from ..accounts.secrets import chosen_verifier, random_secret, random_verifier, readable_password
from ..control import NotRunning, ask
from ..store import AppDatabase
from ..texts import _
from .posting import Postbox
from .receivers import SENDER_DOMAINS

_START_SECONDS = 30.0
_POLL_SECONDS = 0.05
_STOP_SECONDS = 1  # what the server gives its own attempts
_KILL_AFTER_SECONDS = 2.2  # from SIGTERM: Ctrl-C ends the demo within 3 s
_SELECTOR = "demo"
_CONFIG = """\
# Made by `youtong demo`. Everything leads into the simulated internet of that demo, and to nowhere else.
[server]
hostname = "mail.lantern.test"
stop_seconds = {stop_seconds}

[submission]
listen = "127.0.0.1:{port}"
listen_tls = []

[delivery]
port = {mx_port}
dns_servers = ["{dns}"]
allow_private_addresses = true
"""


class ServerEnded(Exception):
    """The server is not there any more, or never came up; str() is one sentence."""


class DemoServer:
    """One `youtong serve` in a folder. Always end it with `stop`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder, self.data_dir = folder, folder / "var"
        self.config_file, self.log_file = folder / "youtong.toml", folder / "serve.log"
        self.port = _free_port()
        self._clock = clock
        self._process: asyncio.subprocess.Process | None = None

    def make_keys(self) -> list[SigningKey]:
        """A DKIM key for each sender domain, in the data folder."""
        keys = [generate(Domain(domain), _SELECTOR, Algorithm.RSA) for domain in SENDER_DOMAINS]
        for key in keys:
            keyfile.write(self.data_dir / "dkim", key)
        return keys

    async def make_accounts(self) -> Postbox:
        """An account for each sender domain; the way in for its letters."""
        passwords = {domain: (f"post@{domain}", random_secret()) for domain in SENDER_DOMAINS}
        database = await AppDatabase.open(self.data_dir / "app.db")
        try:
            register = AccountRegister(database, self._clock)
            for domain, (name, secret) in passwords.items():
                await register.add(name, chosen_verifier(readable_password()), domains=(domain,))
                await register.add_credential(name, random_verifier(secret), "people", "youtong demo")
        finally:
            await database.close()
        return Postbox(self.port, self.data_dir / "tls" / "certificate.pem", passwords)

    async def start(self, dns: str, mx_port: int) -> None:
        """Returns when it takes mail. Raises ServerEnded."""
        text = _CONFIG.format(port=self.port, mx_port=mx_port, dns=dns, stop_seconds=_STOP_SECONDS)
        self.config_file.write_text(text, encoding="utf-8")
        await self._spawn()
        try:
            async with asyncio.timeout(_START_SECONDS):
                while not await self._answers():
                    self.check()
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise ServerEnded(_("The server does not come up; its log is {file}.").format(file=self.log_file)) from None

    async def _spawn(self) -> None:
        with self.log_file.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "youtong.admin.cli.main", "serve", "--config", str(self.config_file)),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    async def _answers(self) -> bool:
        try:
            await asyncio.to_thread(ask, self.data_dir, "owner", {"verb": "status"})
        except NotRunning:
            return False
        return True

    def check(self) -> None:
        """Raises ServerEnded when it is not running."""
        if self._process is None or self._process.returncode is not None:
            raise ServerEnded(_("The server ended by itself; its log is {file}.").format(file=self.log_file))

    async def flush(self) -> int:
        """All that waits is due now; how many letters that were. Raises NotRunning, Refused."""
        question: dict[str, object] = {"verb": "operate", "operation": "flush", "selection": {}, "who": "demo"}
        answer = await asyncio.to_thread(ask, self.data_dir, "owner", question)
        return int(answer["changed"])

    async def stop(self) -> None:
        """Ends it; when it returns nothing of it lives."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), _KILL_AFTER_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()  # its workers end when they see that it is gone
            await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
