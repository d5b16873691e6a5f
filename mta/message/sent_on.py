"""A stranger's letter for the operator: what stands around it when it is sent on.

Owns   the form: a few words, and the letter whole as an attachment. It is not sent on as it came: then it would leave
       under its author's name, and be signed as that author's, whoever had written it.
Knows  nothing of addresses of ours or of how often anything is sent on.

Invariants
    Nothing of the letter stands in the head but its subject, as one line of safe characters.
    LOOP_FIELD with our name is in the head, and `has_passed` finds it.
RFC 2046 §5.2.1 (message/rfc822: 7bit or 8bit only), RFC 3834 §5 (Auto-Submitted).
"""

import re
from email.header import decode_header, make_header

import msgspec

from .compose import date_field, field, text_part, utf8_field
from .headers import unfold, values_of

LOOP_FIELD = "X-Youtong-Sent-On"
MAX_HOPS = 50
"""RFC 5321 §6.3 wants a large limit on Received fields, of at least 100 in a system that has no other check: the loop
field is one."""
_RECEIVED = re.compile(rb"^received:", re.IGNORECASE | re.MULTILINE)
_MAX_SUBJECT = 200


class SentOn(msgspec.Struct, frozen=True):
    """What the operator gets."""

    hostname: str
    unique: str  # never used twice, in no letter
    to: str
    now_ms: int
    written_to: str  # the address of ours
    number: str  # of the stored message, as people see it
    head: bytes  # of the letter


def around(facts: SentOn, *, is_ascii: bool) -> tuple[bytes, bytes, bytes]:
    """(head with its blank line, what stands before the letter, what stands behind it)."""
    boundary = f"youtong-sent-on-{facts.unique}"
    encoding = b"" if is_ascii else b"Content-Transfer-Encoding: 8bit\r\n"
    opening = f"--{boundary}\r\n".encode("ascii")
    attached = b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n" + encoding + b"\r\n"
    before = opening + text_part(_words(facts)) + b"\r\n" + opening + attached
    return _head(facts, boundary) + encoding + b"\r\n", before, f"\r\n--{boundary}--\r\n".encode("ascii")


def has_passed(head: bytes, hostname: str) -> bool:
    """Whether a letter with this head was sent on by us before, or goes in circles."""
    mine = hostname.lower().encode()
    marks = values_of(head, LOOP_FIELD.lower().encode())
    return any(unfold(mark).strip().lower() == mine for mark in marks) or len(_RECEIVED.findall(head)) > MAX_HOPS


def _head(facts: SentOn, boundary: str) -> bytes:
    fields = [
        field(LOOP_FIELD, facts.hostname),
        field("From", f"Mail Delivery System <MAILER-DAEMON@{facts.hostname}>"),
        field("To", f"<{facts.to}>") if facts.to.isascii() else utf8_field("To", f"<{facts.to}>"),
        field("Subject", f"[{facts.written_to.partition('@')[0]}] {_subject(facts.head)}"),
        date_field("Date", facts.now_ms),
        field("Message-ID", f"<{facts.unique}@{facts.hostname}>"),
        field("Auto-Submitted", "auto-generated"),
        field("MIME-Version", "1.0"),
        f'Content-Type: multipart/mixed;\r\n boundary="{boundary}"\r\n'.encode("ascii"),
    ]
    return b"".join(fields)


def _subject(head: bytes) -> str:
    values = values_of(head, b"subject")
    said = unfold(values[0]).decode("utf-8", "replace").strip() if values else ""
    try:
        said = str(make_header(decode_header(said)))
    except (ValueError, LookupError):  # an encoded word of a charset that nobody knows
        pass
    return said[:_MAX_SUBJECT] or "(no subject)"


def _words(facts: SentOn) -> str:
    lines = (
        f"This letter came to {facts.written_to} and is attached as it came ({facts.number}).",
        f"以下附件为寄往 {facts.written_to} 的来信原文（{facts.number}）。",
        "",
    )
    return "\r\n".join(lines)
