"""The port RouteSource: which provider a site belongs to, and from which source a message leaves.

Owns   the question and the value Source.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from .classes import MailClass


class Source(msgspec.Struct, frozen=True):
    """An egress source: the local addresses connections are made from, and the names said in EHLO."""

    name: str
    address: str  # "" = the kernel chooses
    ehlo: str
    address6: str = ""  # for IPv6, where `address` is IPv4
    ehlo6: str = ""  # "" = `ehlo`


class RouteSource(Protocol):
    def provider_of(self, domain: str, mx_hosts: Sequence[str]) -> str:
        """The provider named by a shaping rule for these MX hosts (best preference first), else the site itself."""
        ...

    def source_for(self, account_id: int, mail_class: MailClass, provider: str, wanted: str) -> Source:
        """The source a message leaves from; `wanted` is a policy hook's choice or ""."""
        ...
