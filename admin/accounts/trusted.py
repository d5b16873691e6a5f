"""Trusted networks: who submits without AUTH, and as which account.

Owns   the question of an address; asked at every MAIL.
Knows  no secret and no protocol.
"""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from ...mta.submission.ports import Client, Origin
from .directory import AccountDirectory

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrustedNetworks:
    """The networks and the account that their mail belongs to."""

    def __init__(self, directory: AccountDirectory, networks: Sequence[Network], account: str) -> None:
        self._directory = directory
        self.trust(networks, account)

    def trust(self, networks: Sequence[Network], account: str) -> None:
        """After a reload."""
        self._networks, self._account = tuple(networks), account

    def origin(self, client: Client) -> Origin | None:
        """None when the client must log in, or the account may send nothing."""
        if not self._networks or not _is_within(client.address, self._networks):
            return None
        account = self._directory.now.named(self._account)
        if account is None or account.is_refused:
            return None
        return Origin(account.name, account.id, 0, "people")


@lru_cache(maxsize=1024)
def _is_within(address: str, networks: tuple[Network, ...]) -> bool:
    """Cached: asked at every MAIL of the same few clients."""
    ip = ipaddress.ip_address(address)
    return any(ip in network for network in networks)
