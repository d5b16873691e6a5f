"""Where routes come from: the name system, our own inbound listener, or one host for everything (staging).

Owns   binding `find_route` to its fixed arguments, mail to ourselves, and the redirect.
Knows  nothing of sites.
"""

from collections.abc import Sequence
from random import Random

from ..mta.delivery.host import Host
from ..mta.dns.address_rules import AddressRules
from ..mta.dns.answers import Resolver
from ..mta.dns.ourselves import OwnHosts
from ..mta.dns.route import RouteAnswer, Routed, Unroutable, UnroutableKind, find_route
from ..queue.sites import FindRoute
from .config.values import Endpoint

_REDIRECT_TTL_SECONDS = 3600
_OURSELVES_TTL_SECONDS = 300  # an MX record that moves away is soon seen
_FOR_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}


class Lookup:
    def __init__(self, resolver: Resolver, own: OwnHosts, rules: AddressRules) -> None:
        self._resolver, self._own, self._rules = resolver, own, rules
        self._rng = Random()

    async def find(self, domain: str) -> RouteAnswer:
        return await find_route(self._resolver, domain, self._own, self._rules, self._rng)


class ToOurselves:
    """Mail for a domain whose best MX is this system goes to its own inbound listener.

    It cannot circle: the listener relays nothing, and what it refuses ends as any receiver's refusal does.
    """

    def __init__(self, find: FindRoute, hostname: str, address: str) -> None:
        """`address` is where the listener is connected to, at the delivery port."""
        self._find = find
        self._routed = Routed(hostname, (hostname,), (Host(hostname, (address,)),), _OURSELVES_TTL_SECONDS)

    async def find(self, domain: str) -> RouteAnswer:
        answer = await self._find(domain)
        is_ours = isinstance(answer, Unroutable) and answer.kind is UnroutableKind.LOOPS_TO_US
        return self._routed if is_ours else answer


def own_address(listening: Sequence[Endpoint], delivery_port: int) -> str | None:
    """Where deliveries reach our inbound listener; None when it listens at other ports than theirs."""
    hosts = [each.host for each in listening if each.port == delivery_port]
    hosts.sort(key=lambda host: ":" in host)  # every source has IPv4
    return _FOR_ANY.get(hosts[0], hosts[0]) if hosts else None


class Redirect:
    """`[delivery] redirect_all_to`: every domain's mail goes to one address, which need not be public."""

    def __init__(self, address: str) -> None:
        self._routed = Routed("redirect", ("redirect",), (Host("redirect", (address,)),), _REDIRECT_TTL_SECONDS)

    async def find(self, domain: str) -> RouteAnswer:
        return self._routed
