"""Routing: which provider a site is, and from which source a message leaves.

Owns   the implementation of queue.routing.RouteSource: providers as somebody else names them (policy.shaping); the
       first source is the default.
"""

from collections.abc import Callable, Sequence

from ..queue.classes import MailClass
from ..queue.routing import Source

NameProvider = Callable[[str, Sequence[str]], str]  # of a recipient domain and its MX hosts, best first; "" = the site


def every_site_its_own(domain: str, mx_hosts: Sequence[str]) -> str:
    return ""


class ConfiguredRoutes:
    def __init__(self, sources: Sequence[Source], name_provider: NameProvider = every_site_its_own) -> None:
        """`sources` has at least one; names are unique."""
        self._name_provider = name_provider
        self._sources = {source.name: source for source in sources}
        self._default = sources[0]

    def provider_of(self, domain: str, mx_hosts: Sequence[str]) -> str:
        return self._name_provider(domain, mx_hosts)

    def source_for(self, account_id: int, mail_class: MailClass, provider: str, wanted: str) -> Source:
        return self._sources.get(wanted, self._default)
