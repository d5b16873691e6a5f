"""The directory: all accounts and valid credentials in memory, as of the last change.

Owns   the snapshot, and noticing that app.db changed (by us, or by the command line in its own process).
Knows  no rule and no secret beyond verifiers. Readers are synchronous and never wait: a session asks on every message.

Invariants
    A change is seen within POLL_SECONDS by whoever calls `freshen` before looking, and by `keep_fresh` for the rest.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ...mta.clock import Clock
from ...mta.envelope import Domain
from ...policy.senders import Barred, Sendable, comparable
from ..store import AppDatabase, StoreError
from .account import Account, AccountKind, Credential
from .register import AccountRegister

POLL_SECONDS = 0.25
UNSEEN_SECONDS = 2 * POLL_SECONDS + 0.1
"""After so long `keep_fresh` has seen a change: it may find that a look was just made, and come back for the next."""
_NONE: Mapping[str, int] = MappingProxyType({})
_log = logging.getLogger("youtong.accounts")


class Snapshot:
    """Accounts and credentials of one moment; never changes."""

    def __init__(self, accounts: Iterable[Account], credentials: Iterable[Credential]) -> None:
        self._by_id = {account.id: account for account in accounts}
        self._by_name = {account.name.lower(): account for account in self._by_id.values()}
        self._credentials = {credential.id: credential for credential in credentials}
        self._of_account: defaultdict[int, list[Credential]] = defaultdict(list)
        for credential in self._credentials.values():
            self._of_account[credential.account_id].append(credential)
        self._owners = {Domain(domain): account.id for account in self._by_id.values() for domain in account.domains}
        self._sendable = {account.id: self._sendable_of(account) for account in self._by_id.values()}

    def account(self, account_id: int) -> Account | None:
        return self._by_id.get(account_id)

    def named(self, name: str) -> Account | None:
        return self._by_name.get(name.lower())

    def owner_of(self, domain: Domain) -> int | None:
        """The account that has this domain, disabled or not: what is written to it is still its owner's."""
        return self._owners.get(domain)

    def has_verp(self, account_id: int) -> bool:
        """Whether what its programs and streams send has reverse-paths of ours."""
        account = self._by_id.get(account_id)
        return account is None or account.has_verp

    def tree_of(self, account_id: int) -> int:
        """The master whose tree it is in; one that nobody knows is its own."""
        account = self._by_id.get(account_id)
        parent = self.named(account.parent) if account is not None and account.parent else None
        return account_id if parent is None else parent.id

    def credential(self, credential_id: int) -> Credential | None:
        return self._credentials.get(credential_id)

    def credentials_of(self, account: Account) -> list[Credential]:
        """Valid ones, random ones first: they are cheap to check."""
        return self._of_account.get(account.id, [])

    def own_limits(self, credential_id: int) -> Mapping[str, int]:
        """Numbers of a credential's own; none for most."""
        credential = self._credentials.get(credential_id)
        return _NONE if credential is None else credential.limits

    def sendable(self, account_id: int, credential_id: int) -> Sendable | Barred:
        """What the account may send as, with a credential of its own; with 0 it is in a trusted network."""
        sendable = self._sendable.get(account_id)
        if sendable is None:
            return Barred.DISABLED
        return sendable if not credential_id or credential_id in self._credentials else Barred.REVOKED

    def _sendable_of(self, account: Account) -> Sendable | None:
        if account.is_refused:
            return None
        if account.kind is AccountKind.OPERATOR:
            return Sendable(everything=True)
        parent = self.named(account.parent) if account.parent else None
        domains = (parent or account).domains
        return Sendable(frozenset({comparable(account.name)}), frozenset(Domain(domain) for domain in domains))


class AccountDirectory:
    """The newest snapshot. Made by `open`, which reads it a first time."""

    def __init__(self, database: AppDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._register = AccountRegister(database, clock)
        self._version: tuple[int, int] | None = None
        self._generation = -1
        self._checked = float("-inf")
        self._one_reader = asyncio.Lock()
        self.now = Snapshot((), ())

    @classmethod
    async def open(cls, database: AppDatabase, clock: Clock) -> "AccountDirectory":
        directory = cls(database, clock)
        await directory.freshen()
        return directory

    def sendable(self, account_id: int, credential_id: int) -> Sendable | Barred:
        """For policy.senders.SenderRules."""
        return self.now.sendable(account_id, credential_id)

    def own_limits(self, credential_id: int) -> Mapping[str, int]:
        """For policy.people.PeopleLimits."""
        return self.now.own_limits(credential_id)

    def account(self, account_id: int) -> Account | None:
        return self.now.account(account_id)

    def owner_of(self, domain: Domain) -> int | None:
        """For policy.our_addresses."""
        return self.now.owner_of(domain)

    def has_verp(self, account_id: int) -> bool:
        """For policy.return_paths."""
        return self.now.has_verp(account_id)

    def tree_of(self, account_id: int) -> int:
        """For admin.suppression."""
        return self.now.tree_of(account_id)

    async def freshen(self) -> None:
        """Read anew if app.db changed since the last look, at most every POLL_SECONDS. Raises StoreError."""
        if self._clock.monotonic() - self._checked < POLL_SECONDS:
            return
        async with self._one_reader:
            if self._clock.monotonic() - self._checked >= POLL_SECONDS:
                await self._look()

    async def _look(self) -> None:
        asked = self._clock.monotonic()
        version = await self._database.version()
        if version != self._version:
            await self._read_anew()
            self._version = version
        self._checked = asked

    async def _read_anew(self) -> None:
        """app.db changes every second while mail flows (counters), its accounts hardly ever."""
        generation = await self._register.generation()
        if generation != self._generation:
            self.now = Snapshot(*await self._register.everything())
            self._generation = generation

    async def look_now(self) -> None:
        """Read anew although the last look was a moment ago. Raises StoreError."""
        async with self._one_reader:  # a look that is under way may have begun before the change
            await self._look()

    async def keep_fresh(self) -> None:
        """For sessions that are logged in already; run as a task until cancelled."""
        while True:
            try:
                await self.freshen()
            except StoreError as error:
                _log.warning("accounts not refreshed error=%s", error)
            await asyncio.sleep(POLL_SECONDS)
