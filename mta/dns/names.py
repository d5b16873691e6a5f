"""Domain names: their octets in a message, and their one form as text.

Owns   both directions, compression pointers, and A-labels for names beyond ASCII.
Knows  nothing of records. The form: lower case, no trailing dot, "" is the root; an octet that is neither letter,
       digit, "-" nor "_" is written \\ddd, so different names never have one text.

Invariant: reading ends soon whatever the octets are: a pointer must point before everything read so far, and a name
has at most MAX_POINTERS (writers need one or two; 30,000 in each of 5,000 names would cost minutes).
RFC 1035 §3.1 (sizes), §4.1.4 (compression), RFC 5890 §2.3.2.1 (A-labels).
"""

import re

import idna

MAX_NAME_OCTETS = 255
MAX_LABEL_OCTETS = 63
MAX_POINTERS = 16
_PLAIN = re.compile(rb"[a-z0-9_.-]*")
_ESCAPE = re.compile(rb"\\([01]\d\d|2[0-4]\d|25[0-5])")


class MalformedError(ValueError):
    """Octets that are no DNS message; str() says what is wrong, in printable ASCII."""


class BadNameError(ValueError):
    """A text that cannot be a domain name."""


def normal_name(text: str) -> str:
    """The one form of a name as people or configuration write it; U-labels become A-labels. Raises BadNameError."""
    name = text.rstrip(".")
    return name.lower() if name.isascii() else _a_labels(name)


def _a_labels(name: str) -> str:
    try:
        return idna.encode(name, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise BadNameError("not a valid internationalised name") from error


def name_octets(name: str) -> bytes:
    """A name, in its one form, as it travels (uncompressed). Raises BadNameError."""
    labels = [_unescaped(label) for label in name.encode("ascii").split(b".")] if name else []
    if not all(0 < len(label) <= MAX_LABEL_OCTETS for label in labels):
        raise BadNameError("a label is empty or longer than 63 octets")
    octets = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    if len(octets) > MAX_NAME_OCTETS:
        raise BadNameError("longer than 255 octets")
    return octets


def _unescaped(label: bytes) -> bytes:
    return _ESCAPE.sub(lambda match: bytes((int(match[1]),)), label)


def read_name(octets: bytes, start: int) -> tuple[str, int]:
    """The name that starts there, and where the octets after it start. Raises MalformedError."""
    labels: list[bytes] = []
    at, before, end, size, pointers = start, start, 0, 1, 0
    try:
        while length := octets[at]:
            if length >= 0xC0:
                end = end or at + 2
                at = (length & 0x3F) << 8 | octets[at + 1]
                pointers += 1
                if at >= before or pointers > MAX_POINTERS:
                    raise MalformedError("a compressed name that points forward, or too often")
                before = at
                continue
            labels.append(octets[at + 1 : at + 1 + length])
            at += 1 + length
            size += 1 + length
            if length > MAX_LABEL_OCTETS or size > MAX_NAME_OCTETS:
                raise MalformedError("a name that is too long")
    except IndexError:
        raise MalformedError("a name that does not end") from None
    return _text(labels), end or at + 1


def _text(labels: list[bytes]) -> str:
    joined = b".".join(labels).lower()
    if not _PLAIN.fullmatch(joined) or joined.count(b".") >= max(1, len(labels)):
        joined = b".".join(b"".join(map(_escaped, label)) for label in labels)
    return joined.decode("ascii")


def _escaped(octet: int) -> bytes:
    letter = bytes((octet,)).lower()
    return letter if letter != b"." and _PLAIN.fullmatch(letter) else b"\\%03d" % octet


def host_name(name: str) -> str:
    """A host's name for our use: UTF-8 written into a zone without A-labels becomes A-labels if that is possible."""
    if "\\" not in name:
        return name
    try:
        text = b".".join(_unescaped(label) for label in name.encode("ascii").split(b".")).decode("utf-8")
        return name if text.isascii() else _a_labels(text)
    except (BadNameError, UnicodeError):
        return name
