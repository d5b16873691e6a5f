"""The composition root of a process that serves submission sessions.

`python -m youtong.admin.serve_submission SNAPSHOT CONFIG FILES` (FILES: submission_files.ChildFiles as JSON)

Owns   making the listener's parts: policy, sender rules and trusted networks are asked here; logins, what a login may
       still send, and the queue's intake are asked of the owner.
Knows  no rule. It acts on the owner's word or when the owner is gone (EOF), never on SIGTERM or SIGINT (DESIGN §5).
       It imports nothing of delivery, the queue's store or the command line: it is small.
"""

import asyncio
import logging
import os
import signal
import socket
import ssl
import sys
from functools import partial
from typing import assert_never

import msgspec

from ..mta.clock import SystemClock
from ..mta.submission.apart.asking import AskingIntake, OwnerLink, Told
from ..mta.submission.apart.frames import Reload, Stop
from ..mta.submission.counted import ListenerFigures
from ..mta.submission.doors import Doors
from ..mta.submission.listener import SubmissionListener
from ..mta.submission.ports import AuthFailure, Client, Origin
from ..mta.submission.role import SubmissionRole
from ..policy.active import ActivePolicy
from ..policy.deadline import Deadline
from ..policy.people_apart import AskedLimits
from ..policy.policy_file import PolicyError, beside
from ..policy.senders import SenderRules
from ..policy.session import HookedSessionPolicy
from ..queue.contents.spool import SpoolWriter
from . import snapshot
from .accounts.directory import AccountDirectory
from .accounts.trusted import TrustedNetworks
from .config import Config, ConfigError
from .event_loop import run
from .logs import start_logging
from .store import AppDatabase, StoreError
from .submission_files import ChildFiles
from .submission_settings import submission_settings
from .suppression.intake import SuppressedRecipients
from .suppression.lookup import SuppressionLookup
from .tls_context import server_context

_log = logging.getLogger("youtong.submission")
_TELL_SECONDS = 1.0


class Accounts:
    """Implements Authenticator: the owner checks secrets, networks are looked at here."""

    def __init__(self, directory: AccountDirectory, trusted: TrustedNetworks, link: OwnerLink) -> None:
        self.trusted = trusted.origin
        self._directory, self._link = directory, link

    async def authenticate(self, username: str, password: bytes, client: Client) -> Origin | AuthFailure:
        found = await self._link.authenticate(username, password, client)
        if isinstance(found, Origin) and self._directory.now.credential(found.credential_id) is None:
            return await self._caught_up(found)
        return found

    async def _caught_up(self, found: Origin) -> Origin | AuthFailure:
        """A credential so new that only the owner has seen it: MAIL will ask here whether it is valid."""
        try:
            await self._directory.look_now()
        except StoreError as error:
            _log.error("login not checked error=%s", error)
            return AuthFailure.UNAVAILABLE
        return found


class SubmissionProcess:
    """One process's sessions."""

    def __init__(self, config: Config, files: ChildFiles, directory: AccountDirectory) -> None:
        self.link = OwnerLink(self._told, partial(os._exit, 0))  # the owner is gone: nobody takes mail any more
        submission = config.submission
        self._config = config
        self._trusted = TrustedNetworks(directory, submission.trusted_networks, submission.trusted_account)
        self._policy = ActivePolicy(beside(config.path), Deadline(), snapshot.policy(config))
        self._suppressions = SuppressionLookup(config.server.data_dir / "app.db", SystemClock())
        self._listener = SubmissionListener(
            submission_settings(config, server_context(config)), self._role(directory, files), SystemClock()
        )
        self._stopping: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None

    def _role(self, directory: AccountDirectory, files: ChildFiles) -> SubmissionRole:
        rules, limits = SenderRules(directory.sendable), AskedLimits(self.link.room)
        policy = HookedSessionPolicy(
            self._policy,
            check_reverse_path=rules.check_reverse_path,
            check_message=rules.check_message,
            check_mail=limits.check_mail,
            check_recipient=limits.check_recipient,
            check_address=SuppressedRecipients(self._suppressions, directory.tree_of).check,
        )
        spool = self._config.server.data_dir / "spool"
        intake = AskingIntake(self.link, partial(SpoolWriter, spool, files.spool_prefix))
        return SubmissionRole(Accounts(directory, self._trusted, self.link), policy, intake)

    async def serve(self, files: ChildFiles) -> None:
        """Accept on the inherited sockets."""
        await asyncio.get_running_loop().create_connection(lambda: self.link, sock=_inherited(files.pair))
        await self._listener.serve(Doors([*map(_inherited, files.plain)], [*map(_inherited, files.tls)]))
        self.link.hello()
        self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        """The owner hears of sessions and refusals, when there is news."""
        told = ListenerFigures()
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            figures = self._listener.figures
            if figures != told:
                self.link.tell(figures)
                told = figures

    def _told(self, order: Told) -> None:
        match order:
            case Reload():
                self._reload()
            case Stop():
                self._stopping = asyncio.get_running_loop().create_task(self._stop(order.seconds))
            case _:
                assert_never(order)

    def _reload(self) -> None:
        try:
            config = snapshot.read(*snapshot.arguments(self._config))
            context = server_context(config)
            self._policy.reload(beside(config.path), snapshot.policy(config))
        except (ConfigError, PolicyError, OSError, ssl.SSLError) as error:
            _log.error("reload refused, what was in force stays error=%s", error)
            return
        self._config = config
        self._listener.reload_certificate(context)
        self._trusted.trust(config.submission.trusted_networks, config.submission.trusted_account)

    async def _stop(self, seconds: float) -> None:
        await self._listener.stop(seconds)
        self.link.close()  # what was written goes out first; then its end is ours


def _inherited(fd: int) -> socket.socket:
    inherited = socket.socket(fileno=fd)
    inherited.setblocking(False)
    return inherited


async def _serve(config: Config, files: ChildFiles) -> None:
    app = await AppDatabase.open(config.server.data_dir / "app.db")
    directory = await AccountDirectory.open(app, SystemClock())
    await SubmissionProcess(config, files, directory).serve(files)
    await directory.keep_fresh()


def main() -> None:
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    configuration, path, files = sys.argv[1:4]
    start_logging()
    run(_serve(snapshot.read(configuration, path), msgspec.json.decode(files, type=ChildFiles)))


if __name__ == "__main__":
    main()
