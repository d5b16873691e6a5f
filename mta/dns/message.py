"""DNS messages: the octets of a question, and the parts of an answer.

Owns   the header, the sections, the OPT record with its extended errors. Nothing of what records mean (`records`),
       of who is asked (`exchange`) or of what an answer says about a question (`reading`).

dnspython's message objects cost half a millisecond a look-up, most of it for records and sections that nobody here
looks at; a campaign's start is hundreds of look-ups. dnspython is the oracle of the tests.
RFC 1035 §4.1, RFC 2181 §8 (TTL), RFC 6891 §6.1 (OPT), RFC 8914 §2 (extended errors).
"""

import struct
from enum import IntEnum

import msgspec

from .names import MalformedError, name_octets, read_name

EDNS_PAYLOAD_BYTES = 1232  # fits every path without fragments (DNS flag day 2020)
HEADER_BYTES = 12
CLASS_IN = 1
_HEADER = struct.Struct("!HHHHHH")
_FIXED = struct.Struct("!HHIH")  # type, class, TTL, length of the data
_PAIR = struct.Struct("!HH")
_RECURSION_DESIRED = 0x0100
_OPT = 41
_OPT_RECORD = b"\0" + _FIXED.pack(_OPT, EDNS_PAYLOAD_BYTES, 0, 0)
_EXTENDED_ERROR = 15


class Rcode(IntEnum):
    """Response codes that mean something to us; BADVERS needs the OPT record's upper bits."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    BADVERS = 16


class ResourceRecord(msgspec.Struct, frozen=True, gc=False):
    """One record; its data are octets[start:end] of the message, which names in it may point into."""

    owner: str
    rdtype: int
    rdclass: int
    ttl_seconds: int
    start: int
    end: int


class ExtendedError(msgspec.Struct, frozen=True):
    """Why a server answered so; `text` is printable ASCII."""

    code: int
    text: str


class Response(msgspec.Struct, frozen=True):
    """A message that answers."""

    octets: bytes
    rcode: int
    recursion_available: bool
    answers: list[ResourceRecord]
    authority: list[ResourceRecord]
    errors: list[ExtendedError]


def question_octets(name: str, rdtype: int) -> bytes:
    """The question section. Raises BadNameError."""
    return name_octets(name) + _PAIR.pack(rdtype, CLASS_IN)


def query_octets(ident: int, question: bytes, *, edns: bool) -> bytes:
    return _HEADER.pack(ident, _RECURSION_DESIRED, 1, 0, 0, int(edns)) + question + (_OPT_RECORD if edns else b"")


def is_answer_to(octets: bytes, ident: int, question: bytes) -> bool:
    """Whether this may be what was asked for; all else is a stray or a forgery (RFC 5452 §9.1).

    A server that understood nothing may leave the question out: it tells us nothing but its rcode.
    """
    if len(octets) < HEADER_BYTES or octets[2] & 0xF8 != 0x80 or int.from_bytes(octets[:2]) != ident:
        return False
    asked = int.from_bytes(octets[4:6])
    if asked == 0:
        return rcode_of(octets) not in (Rcode.NOERROR, Rcode.NXDOMAIN)
    told = octets[HEADER_BYTES : HEADER_BYTES + len(question)]
    return asked == 1 and told.lower() == question.lower()


def is_truncated(octets: bytes) -> bool:
    return bool(octets[2] & 0x02)


def rcode_of(octets: bytes) -> int:
    """Without the upper bits of the OPT record."""
    return octets[3] & 0x0F


def parse_response(octets: bytes) -> Response:
    """The parts of an answer; octets after the last record are ignored. Raises MalformedError, and nothing else."""
    answers, authority, additional = parse_sections(octets)
    try:
        upper, errors = _opt(octets, additional)
    except struct.error:
        raise MalformedError("an option that ends too early") from None
    rcode = upper << 4 | rcode_of(octets)
    return Response(octets, rcode, bool(octets[3] & 0x80), answers, authority, errors)


def parse_sections(octets: bytes) -> tuple[list[ResourceRecord], ...]:
    """Answers, authority and additional records of any message. Raises MalformedError, and nothing else."""
    try:
        _, _, questions, *counts = _HEADER.unpack_from(octets)
        at = HEADER_BYTES
        for _ in range(questions):
            at = read_name(octets, at)[1] + 4
        sections: list[list[ResourceRecord]] = []
        for count in counts:
            section, at = _section(octets, at, count)
            sections.append(section)
    except struct.error:
        raise MalformedError("a message that ends too early") from None
    return tuple(sections)


def _section(octets: bytes, at: int, count: int) -> tuple[list[ResourceRecord], int]:
    records: list[ResourceRecord] = []
    for _ in range(count):  # each takes at least 11 octets: a wrong count ends with the message
        owner, at = read_name(octets, at)
        rdtype, rdclass, ttl, length = _FIXED.unpack_from(octets, at)
        start = at + _FIXED.size
        at = start + length
        if at > len(octets):
            raise MalformedError("a record that is longer than its message")
        records.append(ResourceRecord(owner, rdtype, rdclass, ttl, start, at))
    return records, at


def _opt(octets: bytes, additional: list[ResourceRecord]) -> tuple[int, list[ExtendedError]]:
    """The upper bits of the rcode, which OPT keeps where others have their TTL, and the extended errors."""
    for record in additional:
        if record.rdtype == _OPT:
            return record.ttl_seconds >> 24, _extended_errors(octets[record.start : record.end])
    return 0, []


def _extended_errors(options: bytes) -> list[ExtendedError]:
    errors: list[ExtendedError] = []
    at = 0
    while at < len(options):
        code, length = _PAIR.unpack_from(options, at)
        option = options[at + 4 : at + 4 + length]
        at += 4 + length
        if code == _EXTENDED_ERROR and len(option) >= 2:
            errors.append(ExtendedError(int.from_bytes(option[:2]), _printable(option[2:])))
    return errors


def _printable(text: bytes) -> str:
    """A stranger's words, safe in a log line: UTF-8 elsewhere, ASCII here, and not many."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text.decode("utf-8", "replace")[:120]).strip()
