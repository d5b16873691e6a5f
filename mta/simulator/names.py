"""The simulated name system: a `ZoneSource` that asks each provider how it behaves now.

Owns   the answers for the providers' domains and hosts. The simulator is the whole tree of names: what it does not
       know does not exist, anywhere.
RFC 7505 §3 (null MX).
"""

from collections.abc import Iterable, Sequence
from typing import assert_never

from ..dns.zones import NameMissing, Record, Records, ServerFailure, Silence, TypeMissing, ZoneAnswer, Zones
from .provider import Provider
from .settings import ExtraRecord, MxHost, NameBehaviour


class SimulatedNames:
    """Implements `ZoneSource`; `asked` counts the questions."""

    def __init__(self, providers: Iterable[Provider], extra: Sequence[ExtraRecord] = ()) -> None:
        self.asked = 0
        self._providers: dict[str, Provider] = {}
        self._rest = Zones([""])
        for provider in providers:
            self._providers.update(dict.fromkeys(provider.domains, provider))
            for mx in provider.settings.mx:
                if mx.address:
                    self._rest.add(_address(mx.host, mx, provider.settings.ttl_seconds))
        for each in extra:
            self._rest.add(Record(each.name.lower().rstrip("."), each.type.upper(), each.text, each.ttl_seconds))

    def answer(self, qname: str, qtype: str) -> ZoneAnswer:
        self.asked += 1
        provider = self._providers.get(qname)
        if provider is None:
            return self._rest.answer(qname, qtype)
        return self._of_domain(qname, qtype, provider)

    def _of_domain(self, domain: str, qtype: str, provider: Provider) -> ZoneAnswer:
        settings = provider.settings
        match settings.dns:
            case NameBehaviour.NXDOMAIN:
                return NameMissing("", settings.ttl_seconds)
            case NameBehaviour.SERVFAIL:
                return ServerFailure()
            case NameBehaviour.SILENT:
                return Silence()
            case NameBehaviour.NULL_MX:
                records = [Record(domain, "MX", "0 .", settings.ttl_seconds)]
            case NameBehaviour.IMPLICIT:
                records = [_address(domain, mx, settings.ttl_seconds) for mx in settings.mx[:1]]
            case NameBehaviour.MX | NameBehaviour.TRUNCATED:
                records = [
                    Record(domain, "MX", f"{mx.preference} {mx.host}.", settings.ttl_seconds) for mx in settings.mx
                ]
            case _:
                assert_never(settings.dns)
        return self._with_rest(domain, qtype, records, settings.dns is NameBehaviour.TRUNCATED)

    def _with_rest(self, domain: str, qtype: str, records: list[Record], truncated: bool) -> ZoneAnswer:
        found = tuple(record for record in records if record.rdtype == qtype)
        if found:
            return Records(found, truncated)
        rest = self._rest.answer(domain, qtype)
        return rest if isinstance(rest, Records) else TypeMissing("")


def _address(name: str, mx: MxHost, ttl_seconds: int) -> Record:
    return Record(name.lower(), "AAAA" if ":" in mx.address else "A", mx.address, ttl_seconds)
