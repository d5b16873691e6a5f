"""The octets of an authoritative server: a query read, a `ZoneAnswer` written.

Owns   the flags, sections, OPT record and truncation of what the server says.
Knows  nothing of sockets (`mta.dns.server`). A record's data are made by dnspython once, and kept.

Names inside records are not compressed, and a record's owner only when it is the name asked for: that is what all
but long answers need, and long ones may be as long as they are over TCP.
RFC 1035 §4.1 (messages), RFC 2308 §3 (SOA in negative answers), RFC 6891 §6.2.3 (payload size), RFC 8914 §3 (EDE only
to those who speak EDNS).
"""

import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import assert_never

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import msgspec

from .message import CLASS_IN, HEADER_BYTES, Rcode, parse_sections
from .names import MalformedError, name_octets, normal_name, read_name
from .zones import NameMissing, NotOurs, Record, Records, ServerFailure, Silence, TypeMissing, ZoneAnswer

PLAIN_UDP_BYTES = 512
LARGEST_UDP_BYTES = 1232
_LARGEST_TCP_BYTES = 65535
_HEADER = struct.Struct("!HHHHHH")
_FIXED = struct.Struct("!HHIH")
_PAIR = struct.Struct("!HH")
_OPT, _EXTENDED_ERROR = 41, 15
_QR, _AA, _TC, _RD, _OPCODE = 0x8000, 0x0400, 0x0200, 0x0100, 0x7800
_ASKED_NAME = b"\xc0\x0c"  # a pointer to the question
_MAX_RECORDS = 0xFFFF


class Query(msgspec.Struct, frozen=True):
    """A question that came in; `payload_bytes` None without EDNS."""

    ident: int
    flags: int
    question: bytes  # as it was sent, letter case and all
    name: str
    rdtype: int
    payload_bytes: int | None

    @property
    def opcode(self) -> int:
        return self.flags & _OPCODE


def read_query(octets: bytes) -> Query:
    """Raises MalformedError for what is no message with one question."""
    ident, flags, questions = struct.unpack_from("!HHH", octets)
    if questions != 1:
        raise MalformedError("not one question")
    name, end = read_name(octets, HEADER_BYTES)
    question = octets[HEADER_BYTES : end + 4]
    if len(question) < end + 4 - HEADER_BYTES:
        raise MalformedError("a question that ends too early")
    _answers, _authority, additional = parse_sections(octets)
    payload = next((record.rdclass for record in additional if record.rdtype == _OPT), None)
    return Query(ident, flags, question, name, _PAIR.unpack_from(question, len(question) - 4)[0], payload)


def answer_octets(query: Query, answer: ZoneAnswer, *, udp: bool) -> bytes | None:
    """What goes back; None: say nothing."""
    match answer:
        case Silence():
            return None
        case ServerFailure(extended_code=code, extended_text=text):
            option = _extended_error(code, text) if code >= 0 else b""
            return _message(query, Rcode.SERVFAIL, option=option)
        case NotOurs():
            return _message(query, Rcode.REFUSED)
        case NameMissing(zone=zone, negative_ttl_seconds=ttl):
            return _message(query, Rcode.NXDOMAIN, _AA, authority=[_soa(zone, ttl)])
        case TypeMissing(zone=zone, negative_ttl_seconds=ttl):
            return _message(query, Rcode.NOERROR, _AA, authority=[_soa(zone, ttl)])
        case Records(records=records, truncated=truncated):
            if truncated and udp:
                return _message(query, Rcode.NOERROR, _AA | _TC)
            message = _message(query, Rcode.NOERROR, _AA, answers=records[:_MAX_RECORDS])
            fits = len(message) <= _room(query, udp=udp)
            return message if fits else _message(query, Rcode.NOERROR, _AA | _TC)
        case _:
            assert_never(answer)


def failure_octets(query: Query, rcode: Rcode) -> bytes:
    """An answer without records."""
    return _message(query, rcode)


def _room(query: Query, *, udp: bool) -> int:
    if not udp:
        return _LARGEST_TCP_BYTES
    return max(PLAIN_UDP_BYTES, min(query.payload_bytes or 0, LARGEST_UDP_BYTES))


def _message(
    query: Query,
    rcode: Rcode,
    flags: int = 0,
    *,
    answers: Iterable[Record] = (),
    authority: Iterable[Record] = (),
    option: bytes = b"",
) -> bytes:
    told = [_record(record, query.name) for record in dict.fromkeys(answers)]
    vouched = [_record(record, query.name) for record in authority]
    opt = b""
    if query.payload_bytes is not None:
        opt = b"\0" + _FIXED.pack(_OPT, LARGEST_UDP_BYTES, 0, len(option)) + option
    flags |= _QR | (query.flags & (_OPCODE | _RD)) | rcode
    header = _HEADER.pack(query.ident, flags, 1, len(told), len(vouched), 1 if opt else 0)
    return b"".join([header, query.question, *told, *vouched, opt])


def _record(record: Record, asked: str) -> bytes:
    owner, rest = _octets(record)
    return (_ASKED_NAME if record.name == asked else owner) + rest


@lru_cache(maxsize=4096)
def _octets(record: Record) -> tuple[bytes, bytes]:
    """The owner's name, and all that follows it."""
    rdtype = dns.rdatatype.from_text(record.rdtype)
    rdata = dns.rdata.from_text(dns.rdataclass.IN, rdtype, record.text).to_wire()
    assert rdata is not None
    return name_octets(normal_name(record.name)), _FIXED.pack(rdtype, CLASS_IN, record.ttl_seconds, len(rdata)) + rdata


@lru_cache(maxsize=1024)
def _soa(zone: str, ttl: int) -> Record:
    dot = f"{zone}." if zone else ""
    return Record(zone, "SOA", f"ns.{dot} hostmaster.{dot} 1 3600 600 86400 {ttl}", ttl)


def _extended_error(code: int, text: str) -> bytes:
    content = code.to_bytes(2) + text.encode()
    return _PAIR.pack(_EXTENDED_ERROR, len(content)) + content


@lru_cache(maxsize=256)
def type_text(rdtype: int) -> str:
    """Like "MX"."""
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype))
