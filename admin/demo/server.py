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

import msgspec

from ...mta.clock import Clock
from ...mta.dkim import keyfile
from ...mta.dkim.key import Algorithm, SigningKey, generate
from ...mta.envelope import Domain
from ...queue.operators.orders import Order
from ...queue.operators.selections import Selection
from ..accounts import AccountRegister
from ..accounts.secrets import chosen_verifier, random_secret, random_verifier, readable_password
from ..config import Config, load
from ..control import Answer, NotRunning, ask
from ..store import AppDatabase
from ..stream_control import StreamQuestion
from ..texts import _
from .internet import HOME_ADDRESS, HOSTNAME, demo_shaping
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
hostname = "{hostname}"
stop_seconds = {stop_seconds}

[submission]
listen = "127.0.0.1:{port}"
listen_tls = []

[inbound]
listen = "{home}:{mx_port}"

[people]
new_recipients_per_day = 0  # these few people write to hundreds of strangers

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
        self.accounts: dict[str, int] = {}
        self._config: Config | None = None
        self._clock = clock
        self._process: asyncio.subprocess.Process | None = None

    def make_keys(self) -> list[SigningKey]:
        """A DKIM key for each sender domain, in the data folder."""
        keys = [generate(Domain(domain), _SELECTOR, Algorithm.RSA) for domain in SENDER_DOMAINS]
        for key in keys:
            keyfile.write(self.data_dir / "dkim", key)
        return keys

    async def make_accounts(self) -> Postbox:
        """An account for each sender domain, its number in `accounts`; the way in for its letters."""
        passwords = {domain: (f"post@{domain}", random_secret()) for domain in SENDER_DOMAINS}
        database = await AppDatabase.open(self.data_dir / "app.db")
        try:
            register = AccountRegister(database, self._clock)
            for domain, (name, secret) in passwords.items():
                verifier = chosen_verifier(readable_password())
                self.accounts[domain] = await register.add(name, verifier, domains=(domain,))
                await register.add_credential(name, random_verifier(secret), "people", "youtong demo")
        finally:
            await database.close()
        return Postbox(self.port, self.data_dir / "tls" / "certificate.pem", passwords)

    async def start(self, dns: str, mx_port: int) -> None:
        """Returns when it takes mail. Raises ServerEnded."""
        text = _CONFIG.format(
            hostname=HOSTNAME,
            home=HOME_ADDRESS,
            port=self.port,
            mx_port=mx_port,
            dns=dns,
            stop_seconds=_STOP_SECONDS,
        )
        self.config_file.write_text(text, encoding="utf-8")
        self.config_file.with_name("shaping.toml").write_text(demo_shaping(), encoding="utf-8")
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

    @property
    def config(self) -> Config:
        """As the server reads it. Raises ConfigError."""
        if self._config is None:
            self._config = load(self.config_file)
        return self._config

    def check(self) -> None:
        """Raises ServerEnded when it is not running."""
        if self._process is None or self._process.returncode is not None:
            raise ServerEnded(_("The server stopped unexpectedly; its log is {file}.").format(file=self.log_file))

    async def flush(self, provider: str) -> int:
        """What waits for a provider is due now; how many letters that were. Raises NotRunning, Refused."""
        order = Order("flush", Selection(provider=provider), who="demo")
        answer = await self._ask({"verb": "operate", **msgspec.to_builtins(order)})
        return int(answer["changed"])

    async def ask_stream(self, question: StreamQuestion) -> Answer:
        """Raises NotRunning, Refused."""
        return await self._ask({"verb": "stream", **msgspec.to_builtins(question)})

    async def _ask(self, question: dict[str, object]) -> Answer:
        return await asyncio.to_thread(ask, self.data_dir, "owner", question)

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
