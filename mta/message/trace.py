"""The fields that a submission server adds, and where a header section ends.

Owns    Return-Path, Received, Date and Message-ID as we write them; taking away Bcc; splitting content into head and
        body; the names in a head.
Knows   nothing of sessions and policy; what a field of the author means is `mta.message.headers`.
Invariant
        body octets are never touched, and of the author's header section nothing is changed; only Bcc is taken away.
RFC 5321 §4.4 (Received), RFC 6409 §8.2, §8.3 (a submission server may add Date and Message-ID), RFC 5322 §3.6.3,
§3.6.4, RFC 3848 and RFC 6531 §4.3 (the words after `with`).
"""

import re
import secrets
from email.utils import formatdate
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

_HEAD = re.compile(rb"(?:[!-9;-~]+[ \t]*:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*+)*+")
_NAME = re.compile(rb"^([!-9;-~]+)[ \t]*:", re.MULTILINE)
_BLIND_FIELD = re.compile(rb"^(?:resent-)?bcc[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*", re.MULTILINE | re.IGNORECASE)
_SHOWN_HELO = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
_FIELD_NAME = re.compile(r"[!-9;-~]+")
_FIELD_VALUE = re.compile(r"(?:[^\r\n\x00]|\r\n[ \t]+(?=[^\r\n \t]))*")

BLIND = (b"bcc", b"resent-bcc")
"""Names of the fields that nobody but their author may see."""

MAX_RECEIVED = 50
"""Hop limit. RFC 5321 §6.3 asks for at least 100 only where nothing else detects loops; 50 is what Postfix uses."""


def split_content(octets: bytes) -> tuple[bytes, bytes]:
    """Head with its blank line, and body.

    The header section ends at the first blank line, or before the first line that is no header field: then the missing
    blank line is put there, as every reader would imagine it. `printf 'Hello' | msmtp …` is a body and no header.
    """
    found = _HEAD.match(octets)
    end = found.end() if found else 0
    if octets.startswith(b"\r\n", end):
        return octets[: end + 2], octets[end + 2 :]
    return octets[:end] + b"\r\n", octets[end:]


def find_head_end(octets: bytes) -> int | None:
    """Where the header section ends in the beginning of a message; None while more could belong to it."""
    lines = octets[: octets.rfind(b"\n") + 1]  # the last line may be cut
    found = _HEAD.match(lines)
    end = found.end() if found else 0
    return None if end == len(lines) else end


def field_names(head: bytes) -> list[bytes]:
    """Lower-case names of the fields, in order."""
    return _NAME.findall(head.lower())


def without_blind(head: bytes) -> bytes:
    """The head without its Bcc and Resent-Bcc fields, folded lines and all (RFC 5322 §3.6.3)."""
    return _BLIND_FIELD.sub(b"", head)


@lru_cache(maxsize=256)
def received(helo: str, address: str, hostname: str, protocol: str, tls: str, now_s: int) -> bytes:
    """Our Received field, without its `id` clause yet (`with_id`): so it is the same for a second of a client."""
    shown = helo if _SHOWN_HELO.fullmatch(helo) else "unknown"
    channel = f"{protocol} ({tls})" if tls else protocol
    return (
        f"Received: from {shown} ({_literal(address)})\r\n\tby {hostname} with {channel};\r\n\t{date_time(now_s)}\r\n"
    ).encode("ascii")


def return_path(path: str) -> bytes:
    """The field that final delivery writes at the top; "" is the null path (RFC 5321 §4.4)."""
    return f"Return-Path: <{path}>\r\n".encode("utf-8", "replace")


def with_id(head: bytes, queue_id: str) -> bytes:
    """The head with an `id` clause in its first field, if that is a Received field of ours."""
    end = head.find(b";\r\n\t") if head.startswith(b"Received: from ") else -1
    return head if end < 0 else head[:end] + b" id " + queue_id.encode("ascii") + head[end:]


def protocol_name(*, extended: bool, smtputf8: bool, tls: bool, authenticated: bool) -> str:
    """The registered word for `with`, e.g. ESMTPSA (RFC 3848) or UTF8SMTPSA (RFC 6531 §4.3)."""
    if not extended:
        return "SMTP"
    return ("UTF8SMTP" if smtputf8 else "ESMTP") + "S" * tls + "A" * authenticated


def date(now_s: int) -> bytes:
    """A Date field for a message that came without."""
    return f"Date: {date_time(now_s)}\r\n".encode("ascii")


def message_id(hostname: str) -> bytes:
    """A Message-ID field for a message that came without; 128 random bits."""
    return f"Message-ID: <{secrets.token_hex(16)}@{hostname}>\r\n".encode("ascii")


def field(name: str, value: str) -> bytes:
    """A field that policy adds. Raises ValueError when name or value could break out of the field."""
    if not _FIELD_NAME.fullmatch(name) or not _FIELD_VALUE.fullmatch(value):
        raise ValueError(f"not a header field: {name!r}")
    return f"{name}: {value}\r\n".encode()


@lru_cache(maxsize=4)
def date_time(now_s: int) -> str:
    """RFC 5322 §3.3 in UTC. Cached: a busy second asks for it a thousand times."""
    return formatdate(now_s).replace("-0000", "+0000")


@lru_cache(maxsize=1024)
def _literal(address: str) -> str:
    """An address literal (RFC 5321 §4.1.3)."""
    try:
        return f"[IPv6:{address}]" if isinstance(ip_address(address), IPv6Address) else f"[{address}]"
    except ValueError:
        return "[unknown]"
