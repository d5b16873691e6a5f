"""What a DNS message says about a question: from a packet to an `Answer`.

Owns   following CNAMEs inside one message, the TTL of positive and negative answers, and the value of each record.
Knows  nothing of servers or caches.
RFC 1034 §3.6.2 (CNAME), RFC 2308 §5 (TTL of negative answers), RFC 7208 §3.3 (strings of a TXT record).
"""

from collections.abc import Callable
from typing import TypeVar

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import msgspec
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from .answers import Answer, Found, MxRecord, NoData, NoSuchName, Unavailable

T = TypeVar("T")
_NO_SOA_TTL_SECONDS = 60  # a negative answer without SOA says nothing about its life: keep it shortly


class Alias(msgspec.Struct, frozen=True):
    """The name is another name's alias, and the message does not say what is there."""

    target: str
    ttl_seconds: int


def read(message: dns.message.Message, value: Callable[[dns.rdata.Rdata], T]) -> Answer[T] | Alias:
    """The answer to the message's own question; `value` makes a record's value."""
    try:
        assert isinstance(message, dns.message.QueryMessage)
        chain = message.resolve_chaining()
    except (dns.exception.DNSException, AssertionError) as error:
        return Unavailable(f"an answer that makes no sense: {error or type(error).__name__}")
    ttl = min(chain.minimum_ttl, 0x7FFF_FFFF)
    if chain.answer is not None:
        rdatas: list[dns.rdata.Rdata] = list(chain.answer)
        return Found(tuple(value(rdata) for rdata in rdatas), ttl)
    authority = [rrset for rrset in message.authority if rrset.rdtype == dns.rdatatype.SOA]
    if message.rcode() == dns.rcode.NXDOMAIN:
        return NoSuchName(ttl if authority else _NO_SOA_TTL_SECONDS)
    if chain.cnames and not authority:
        return Alias(name_text(chain.canonical_name), ttl)
    return NoData(ttl if authority else _NO_SOA_TTL_SECONDS)


def name_text(name: dns.name.Name) -> str:
    """Lower case without trailing dot; "" is the root."""
    return name.to_text().lower().rstrip(".")


def mx_value(rdata: dns.rdata.Rdata) -> MxRecord:
    assert isinstance(rdata, MX)
    return MxRecord(rdata.preference, name_text(rdata.exchange))


def address_value(rdata: dns.rdata.Rdata) -> str:
    return rdata.to_text()


def txt_value(rdata: dns.rdata.Rdata) -> bytes:
    assert isinstance(rdata, TXT)
    return b"".join(rdata.strings)
