"""What an authoritative server knows: the port `ZoneSource`, its answers, and zones in memory.

Owns   `Record`, `ZoneAnswer`, `ZoneSource`, and `Zones`.
Knows  nothing of packets (`mta.dns.server`).
RFC 1034 §4.3.2 (how a server finds its answer), RFC 8020 §2 (nothing exists below NXDOMAIN: so a name above a
record exists), RFC 2308 §3 (negative answers carry the SOA).
"""

from collections.abc import Iterable
from typing import Protocol

import msgspec

NEGATIVE_TTL_SECONDS = 60


class Record(msgspec.Struct, frozen=True):
    """A record; `text` in the form of a zone file, names in it absolute ("10 mx1.example.org.")."""

    name: str  # lower case, without trailing dot
    rdtype: str  # "MX", "A", "TXT" …
    text: str
    ttl_seconds: int = 300


class Records(msgspec.Struct, frozen=True, tag="records"):
    """The records that answer, a CNAME first; `truncated`: say over UDP only that TCP is needed."""

    records: tuple[Record, ...]
    truncated: bool = False


class NameMissing(msgspec.Struct, frozen=True, tag="nxdomain"):
    """The zone has no such name."""

    zone: str
    negative_ttl_seconds: int = NEGATIVE_TTL_SECONDS


class TypeMissing(msgspec.Struct, frozen=True, tag="nodata"):
    """The zone has the name, but no such record."""

    zone: str
    negative_ttl_seconds: int = NEGATIVE_TTL_SECONDS


class ServerFailure(msgspec.Struct, frozen=True, tag="servfail"):
    """SERVFAIL; with an extended error (RFC 8914) when its code is not -1."""

    extended_code: int = -1
    extended_text: str = ""


class NotOurs(msgspec.Struct, frozen=True, tag="refused"):
    """REFUSED: no zone of this server holds the name."""


class Silence(msgspec.Struct, frozen=True, tag="drop"):
    """No answer at all."""


ZoneAnswer = Records | NameMissing | TypeMissing | ServerFailure | NotOurs | Silence


class ZoneSource(Protocol):
    """Answers the questions of a server. Synchronous and quick: it is asked on the event loop."""

    def answer(self, qname: str, qtype: str) -> ZoneAnswer:
        """`qname` lower case without trailing dot ("" is the root), `qtype` like "MX". Never raises."""
        ...


class Zones:
    """Implements `ZoneSource` over records in memory; every record must lie in one of the zones."""

    def __init__(self, zones: Iterable[str], records: Iterable[Record] = ()) -> None:
        self._zones = frozenset(zones)
        self._records: dict[str, dict[str, list[Record]]] = {}
        self._names: set[str] = set(self._zones)
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Put a record in. Raises ValueError when it lies in no zone."""
        if self._zone_of(record.name) is None:
            raise ValueError(f"{record.name} is in no zone of this server")
        self._records.setdefault(record.name, {}).setdefault(record.rdtype, []).append(record)
        name = record.name
        while name and name not in self._names:
            self._names.add(name)
            name = name.partition(".")[2]

    def answer(self, qname: str, qtype: str) -> ZoneAnswer:
        zone = self._zone_of(qname)
        if zone is None:
            return NotOurs()
        if qname not in self._names:
            return NameMissing(zone)
        found = self._with_aliases(qname, qtype)
        return Records(tuple(found)) if found else TypeMissing(zone)

    def _with_aliases(self, name: str, qtype: str) -> list[Record]:
        answer: list[Record] = []
        seen: set[str] = set()
        while name not in seen:
            seen.add(name)
            types = self._records.get(name, {})
            alias = types.get("CNAME") if qtype != "CNAME" else None
            if not alias:
                return answer + types.get(qtype, [])
            answer.append(alias[0])
            name = alias[0].text.rstrip(".").lower()
        return answer

    def _zone_of(self, name: str) -> str | None:
        while name not in self._zones:
            if not name:
                return None
            name = name.partition(".")[2]
        return name
