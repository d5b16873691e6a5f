"""What is in a record: its data as a value.

Owns   `RecordKind`, the kinds that we ask for, and the two that come unasked (CNAME, SOA).
Knows  nothing of messages: it is given octets and where the data are.
RFC 1035 §3.3 (CNAME, MX, SOA, TXT), §3.4.1 (A), RFC 3596 §2.2 (AAAA), RFC 7208 §3.3 (strings of a TXT record).
"""

import socket
import struct
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from .answers import Family, MxRecord
from .names import MalformedError, host_name, read_name

T = TypeVar("T")
CNAME = 5
SOA = 6
NS = 2
_PREFERENCE = struct.Struct("!H")
_SOA_NUMBERS = 20


class RecordKind(msgspec.Struct, Generic[T], frozen=True):
    """A type of record: its number, and how a value is read from octets[start:end]. May raise MalformedError."""

    name: str
    number: int
    read: Callable[[bytes, int, int], T]


def _mx(octets: bytes, start: int, end: int) -> MxRecord:
    if end - start < 3:
        raise MalformedError("an MX record without a host")
    (preference,) = _PREFERENCE.unpack_from(octets, start)
    return MxRecord(preference, host_name(name_value(octets, start + 2, end)))


def _ipv4(octets: bytes, start: int, end: int) -> str:
    return _address(socket.AF_INET, 4, octets[start:end])


def _ipv6(octets: bytes, start: int, end: int) -> str:
    return _address(socket.AF_INET6, 16, octets[start:end])


def _address(family: int, size: int, packed: bytes) -> str:
    if len(packed) != size:
        raise MalformedError("an address of a wrong length")
    return socket.inet_ntop(family, packed)


def _txt(octets: bytes, start: int, end: int) -> bytes:
    strings: list[bytes] = []
    while start < end:
        after = start + 1 + octets[start]
        if after > end:
            raise MalformedError("a string that is longer than its record")
        strings.append(octets[start + 1 : after])
        start = after
    return b"".join(strings)


def name_value(octets: bytes, start: int, end: int) -> str:
    """A record that is one name, like CNAME."""
    name, after = read_name(octets, start)
    if after != end:
        raise MalformedError("a name that does not fill its record")
    return name


def soa_minimum_seconds(octets: bytes, start: int, end: int) -> int:
    """The last number of an SOA record: how long "there is none" may be believed (RFC 2308 §4)."""
    for _ in range(2):
        _, start = read_name(octets, start)
    if end - start != _SOA_NUMBERS:
        raise MalformedError("an SOA record of a wrong length")
    return int.from_bytes(octets[end - 4 : end])


MX = RecordKind("MX", 15, _mx)
TXT = RecordKind("TXT", 16, _txt)
ADDRESS = {Family.IPV4: RecordKind("A", 1, _ipv4), Family.IPV6: RecordKind("AAAA", 28, _ipv6)}
