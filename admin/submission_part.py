"""Submission in the owner: composed here, started and stopped by `serve`.

Owns   which implementation stands behind the ports of submission, and whether sessions are served here
       (`[submission] processes = 0`) or by processes of their own, which then ask for what only the owner knows.
Knows  no rule.
"""

import asyncio
import sys
from ssl import SSLContext

import msgspec

from ..mta.clock import Clock
from ..mta.submission.apart.answering import SessionsLink
from ..mta.submission.counted import ListenerFigures
from ..mta.submission.doors import BoundAddress, Doors, open_doors
from ..mta.submission.listener import SubmissionListener
from ..mta.submission.role import SubmissionRole
from ..policy.active import ActivePolicy
from ..policy.people import PeopleLimits, SessionLimits
from ..policy.senders import SenderRules
from ..policy.session import HookedSessionPolicy
from ..queue.contents.orphans import sweep_spool
from ..queue.dispatcher import Dispatcher
from ..queue.people.allowances import Allowance
from . import snapshot
from .accounts import AccountDirectory, StoreAuthenticator
from .accounts.directory import UNSEEN_SECONDS
from .config import Config
from .submission_children import SubmissionChildren
from .submission_files import ChildFiles
from .submission_settings import submission_settings
from .suppression.intake import SuppressedRecipients
from .suppression.lookup import SuppressionLookup
from .tls_context import server_context


class SubmissionPart:
    """`addresses` and `tls_addresses` are what was bound."""

    def __init__(
        self, config: Config, dispatcher: Dispatcher, directory: AccountDirectory, policy: ActivePolicy, clock: Clock
    ) -> None:
        self.addresses: tuple[BoundAddress, ...] = ()
        self.tls_addresses: tuple[BoundAddress, ...] = ()
        self._config, self._dispatcher, self._directory = config, dispatcher, directory
        self._policy, self._clock = policy, clock
        self._authenticator = StoreAuthenticator(
            directory,
            clock,
            trusted_networks=config.submission.trusted_networks,
            trusted_account=config.submission.trusted_account,
        )
        self._people = PeopleLimits(_allowance(config), directory.own_limits)
        self._limits = SessionLimits(self._people, dispatcher.usages.of, clock)
        self._intake = dispatcher.people_intake(self._people)
        self._suppressions = SuppressionLookup(config.server.data_dir / "app.db", clock)
        self._listener: SubmissionListener | None = None
        self._children: SubmissionChildren | None = None

    async def start(self) -> None:
        """Raises OSError when an address cannot be bound, or the certificate cannot be used."""
        settings = submission_settings(self._config, server_context(self._config))
        doors = await open_doors(settings.listen, settings.listen_tls)
        self.addresses, self.tls_addresses = doors.addresses, doors.tls_addresses
        count = self._config.submission.processes
        if count:
            self._children = self._make_children(doors)
            self._children.start(count)
        else:
            role = SubmissionRole(self._authenticator, self._session_policy(), self._intake)
            self._listener = SubmissionListener(settings, role, self._clock)
            await self._listener.serve(doors)

    async def stop(self, grace_seconds: float) -> None:
        """No new session; those there are end, with their last words, within the grace."""
        if self._listener is not None:
            await self._listener.stop(grace_seconds)
        if self._children is not None:
            await self._children.stop(grace_seconds)
        self._authenticator.close()
        self._suppressions.close()

    def reload(self, config: Config, context: SSLContext) -> None:
        """With the snapshot of this configuration written: children read that."""
        self._config = config
        self._authenticator.trust(config.submission.trusted_networks, config.submission.trusted_account)
        self._people.reload(_allowance(config))
        if self._listener is not None:
            self._listener.reload_certificate(context)
        if self._children is not None:
            self._children.reload()

    async def look_at_accounts(self) -> None:
        """Until every session acts on the accounts as they are now. Raises StoreError."""
        await self._directory.look_now()
        if self._children is not None:
            await asyncio.sleep(UNSEEN_SECONDS)  # their own directories look by themselves

    @property
    def figures(self) -> ListenerFigures:
        """Of all sessions of submission, wherever they are served."""
        if self._children is not None:
            return self._children.figures
        return self._listener.figures if self._listener is not None else ListenerFigures()

    def pids(self) -> list[int]:
        """Of the processes that serve sessions."""
        return [] if self._children is None else self._children.pids()

    def _session_policy(self) -> HookedSessionPolicy:
        rules = SenderRules(self._directory.sendable)
        return HookedSessionPolicy(
            self._policy,
            check_reverse_path=rules.check_reverse_path,
            check_message=rules.check_message,
            check_mail=self._limits.check_mail,
            check_recipient=self._limits.check_recipient,
            check_address=SuppressedRecipients(self._suppressions, self._directory.tree_of).check,
        )

    def _make_children(self, doors: Doors) -> SubmissionChildren:
        dispatcher = self._dispatcher
        return SubmissionChildren(
            dispatcher.run_dir,
            doors,
            self._command,
            lambda: SessionsLink(self._authenticator, self._limits, self._intake),
            lambda prefix: sweep_spool(dispatcher.commits, dispatcher.store, dispatcher.spool_dir, prefix),
        )

    def _command(self, files: ChildFiles) -> list[str]:
        told = msgspec.json.encode(files).decode("ascii")
        return [sys.executable, "-m", "youtong.admin.serve_submission", *snapshot.arguments(self._config), told]


def _allowance(config: Config) -> Allowance:
    return msgspec.convert(config.people, Allowance, from_attributes=True)
