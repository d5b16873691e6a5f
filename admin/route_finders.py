"""Where routes come from: the name system, or one host for everything (staging).

Owns   binding `find_route` to its fixed arguments, and the redirect.
Knows  nothing of sites.
"""

from random import Random

from ..mta.delivery.host import Host
from ..mta.dns.address_rules import AddressRules
from ..mta.dns.answers import Resolver
from ..mta.dns.ourselves import OwnHosts
from ..mta.dns.route import RouteAnswer, Routed, find_route

_REDIRECT_TTL_SECONDS = 3600


class Lookup:
    def __init__(self, resolver: Resolver, own: OwnHosts, rules: AddressRules) -> None:
        self._resolver, self._own, self._rules = resolver, own, rules
        self._rng = Random()

    async def find(self, domain: str) -> RouteAnswer:
        return await find_route(self._resolver, domain, self._own, self._rules, self._rng)


class Redirect:
    """`[delivery] redirect_all_to`: every domain's mail goes to one address, which need not be public."""

    def __init__(self, address: str) -> None:
        self._routed = Routed("redirect", ("redirect",), (Host("redirect", (address,)),), _REDIRECT_TTL_SECONDS)

    async def find(self, domain: str) -> RouteAnswer:
        return self._routed
