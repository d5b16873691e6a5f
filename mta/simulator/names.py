"""The simulated name system: a `ZoneSource` that asks each provider how it behaves now.

Owns   the answers for the providers' domains and hosts. The simulator is the whole tree of names: what it does not
       know does not exist, anywhere.
RFC 7505 §3 (null MX).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from typing import assert_never

from ..dns.zones import NameMissing, Record, Records, ServerFailure, Silence, TypeMissing, ZoneAnswer, Zones
from .behaviours import NameBehaviour
from .domains import expand
from .provider import Provider
from .settings import ExtraRecord, MxHost, ProviderSettings

_BOGUS = ServerFailure(6, "no valid signature, the simulator says")  # RFC 8914 §4.7
_ALIAS, _LOOP = "alias", "loop"  # the names below a domain that its CNAMEs lead to


class SimulatedNames:
    """Implements `ZoneSource`; `asked` counts the questions."""

    def __init__(self, providers: Iterable[Provider], extra: Sequence[ExtraRecord] = ()) -> None:
        self.asked = 0
        self._providers: dict[str, Provider] = {}
        self._own: dict[str, Record] = {}  # the only MX of a domain
        self._rest = Zones([""])
        for provider in providers:
            self._providers.update(dict.fromkeys(provider.domains, provider))
            if provider.settings.own_mx:
                self._own.update(_own_hosts(provider.settings))
            for record in _of_hosts(provider.settings):
                self._rest.add(record)
        for each in extra:
            self._rest.add(Record(each.name.lower().rstrip("."), each.type.upper(), each.text, each.ttl_seconds))

    def answer(self, qname: str, qtype: str) -> ZoneAnswer:
        self.asked += 1
        provider = self._providers.get(qname)
        if provider is not None:
            return self._of_domain(qname, qtype, provider)
        below, _, domain = qname.partition(".")
        provider = self._providers.get(domain)
        if provider is not None and below == _ALIAS and provider.settings.dns is NameBehaviour.CNAME:
            return self._with_rest(qname, qtype, _mx_records(qname, provider.settings))
        if provider is not None and below == _LOOP and provider.settings.dns is NameBehaviour.CNAME_LOOP:
            return _loop(qname, domain, provider.settings.ttl_seconds)
        return self._rest.answer(qname, qtype)

    def _of_domain(self, domain: str, qtype: str, provider: Provider) -> ZoneAnswer:
        settings = provider.settings
        match behaviour := provider.name_behaviour():
            case NameBehaviour.NXDOMAIN:
                return NameMissing("", settings.ttl_seconds)
            case NameBehaviour.SERVFAIL:
                return ServerFailure()
            case NameBehaviour.BOGUS:
                return _BOGUS
            case NameBehaviour.SILENT:
                return Silence()
            case NameBehaviour.CNAME:
                alias = f"{_ALIAS}.{domain}"
                named = [each for each in _mx_records(alias, settings) if each.rdtype == qtype]
                return Records((Record(domain, "CNAME", f"{alias}.", settings.ttl_seconds), *named))
            case NameBehaviour.CNAME_LOOP:
                return _loop(domain, f"{_LOOP}.{domain}", settings.ttl_seconds)
            case NameBehaviour.NULL_MX:
                records = [Record(domain, "MX", "0 .", settings.ttl_seconds)]
            case NameBehaviour.IMPLICIT:
                best = [mx for mx in settings.mx if mx.host == settings.mx[0].host]
                records = [_address(domain, mx, settings.ttl_seconds) for mx in best]
            case NameBehaviour.MX | NameBehaviour.TRUNCATED:
                own = self._own.get(domain)
                records = [own] if own is not None else _mx_records(domain, settings)
            case _:
                assert_never(behaviour)
        return self._with_rest(domain, qtype, records, truncated=behaviour is NameBehaviour.TRUNCATED)

    def _with_rest(self, domain: str, qtype: str, records: list[Record], *, truncated: bool = False) -> ZoneAnswer:
        found = tuple(record for record in records if record.rdtype == qtype)
        if found:
            return Records(found, truncated)
        rest = self._rest.answer(domain, qtype)
        return rest if isinstance(rest, Records) else TypeMissing("")


class Nobody:
    """A `ZoneSource` that never answers."""

    def answer(self, qname: str, qtype: str) -> ZoneAnswer:
        return Silence()


def _mx_records(name: str, settings: ProviderSettings) -> list[Record]:
    """Each once: a host that is there twice has two addresses."""
    texts = dict.fromkeys(f"{mx.preference} {host}." for mx in settings.mx for host in expand(mx.host))
    return [Record(name, "MX", text, settings.ttl_seconds) for text in texts]


def _own_hosts(settings: ProviderSettings) -> Iterator[tuple[str, Record]]:
    """Each domain with the host that has its number; the hosts begin anew when there are fewer."""
    hosts = [(mx.preference, host) for mx in settings.mx for host in expand(mx.host)]
    domains = (name for pattern in settings.domains for name in expand(pattern))
    for (preference, host), domain in zip(cycle(hosts), domains, strict=False):
        yield domain, Record(domain, "MX", f"{preference} {host}.", settings.ttl_seconds)


def _of_hosts(settings: ProviderSettings) -> Iterator[Record]:
    for mx in settings.mx:
        for host in expand(mx.host):
            if mx.alias:
                yield Record(host, "CNAME", f"{mx.alias}.", settings.ttl_seconds)
            if mx.address:
                yield _address(mx.alias or host, mx, settings.ttl_seconds)


def _loop(one: str, other: str, ttl_seconds: int) -> Records:
    return Records((Record(one, "CNAME", f"{other}.", ttl_seconds), Record(other, "CNAME", f"{one}.", ttl_seconds)))


def _address(name: str, mx: MxHost, ttl_seconds: int) -> Record:
    return Record(name.lower(), "AAAA" if ":" in mx.address else "A", mx.address, ttl_seconds)
