"""Who is this client? The store's answer to submission.

Owns   the order of questions: throttle, memory, verification. Trusted networks are `trusted`.
Knows  no protocol and no row. Never logs or keeps a secret.

The network's throttle is asked before anything else, else a guess that happens to be right would be confirmed from
memory. The account's throttle comes after the memory: strangers who guess must not lock out its owner, who sends
mail all day.
"""

import logging
from collections.abc import Sequence

from ...mta.clock import Clock
from ...mta.submission.ports import AuthFailure, Client, Origin
from ..store import StoreError
from .account import Credential
from .directory import AccountDirectory
from .remembered import RememberedSecrets
from .throttle import PER_ACCOUNT, PER_NETWORK, FailureThrottle, network_of
from .trusted import Network, TrustedNetworks
from .verification import TooManyWaiting, Verification

_LONGEST_NAME = 320  # no account's name is longer, and strangers do not choose how much the throttle remembers
_log = logging.getLogger("youtong.accounts")


class StoreAuthenticator:
    """Implements mta.submission.ports.Authenticator over the accounts in app.db."""

    def __init__(
        self,
        directory: AccountDirectory,
        clock: Clock,
        *,
        trusted_networks: Sequence[Network] = (),
        trusted_account: str = "operator",
        verification: Verification | None = None,
    ) -> None:
        self._directory = directory
        self._trusted = TrustedNetworks(directory, trusted_networks, trusted_account)
        self.trust = self._trusted.trust
        self._verification = verification or Verification()
        self._remembered = RememberedSecrets(clock)
        self._networks = FailureThrottle(clock, PER_NETWORK)
        self._accounts = FailureThrottle(clock, PER_ACCOUNT)

    def close(self) -> None:
        self._verification.close()

    async def authenticate(self, username: str, password: bytes, client: Client) -> Origin | AuthFailure:
        try:
            return await self._authenticate(username, password, network_of(client.address))
        except StoreError as error:
            _log.error("login not checked error=%s", error)
            return AuthFailure.UNAVAILABLE
        except Exception:  # noqa: BLE001 - the port never raises; a fault of ours is temporary to the client
            _log.exception("login not checked")
            return AuthFailure.UNAVAILABLE

    async def _authenticate(self, username: str, password: bytes, network: str) -> Origin | AuthFailure:
        if self._networks.refuses(network):
            return AuthFailure.THROTTLED
        await self._directory.freshen()
        mark = self._remembered.mark(username, password)
        name = username.lower()[:_LONGEST_NAME]
        credential = self._from_memory(mark)
        if credential is None:
            if self._accounts.refuses(name):
                return AuthFailure.THROTTLED
            try:
                credential = await self._verify(username, password)
            except TooManyWaiting:
                return AuthFailure.THROTTLED
        if credential is None:
            self._networks.failed(network, mark)
            self._accounts.failed(name, mark)
            return AuthFailure.WRONG
        self._remembered.remember(mark, credential)
        return self._origin(credential)

    def _from_memory(self, mark: bytes) -> Credential | None:
        credential_id = self._remembered.credential_id(mark)
        credential = None if credential_id is None else self._directory.now.credential(credential_id)
        return credential if self._remembered.still_opens(mark, credential) else None

    async def _verify(self, username: str, password: bytes) -> Credential | None:
        snapshot = self._directory.now
        account = snapshot.named(username)
        return await self._verification.opened_by(password, snapshot.credentials_of(account) if account else ())

    def _origin(self, credential: Credential) -> Origin | AuthFailure:
        """Asked anew of the newest snapshot: argon2 took a while."""
        snapshot = self._directory.now
        account = snapshot.account(credential.account_id)
        if account is None or account.is_refused or snapshot.credential(credential.id) != credential:
            return AuthFailure.DISABLED
        return Origin(account.name, account.id, credential.id, credential.mail_class)

    def trusted(self, client: Client) -> Origin | None:
        return self._trusted.origin(client)
