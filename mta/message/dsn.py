"""Failure notices: the DSN that tells a person that a message was not delivered.

Owns   `compose_failure_notice`: a multipart/report with words for people, fields for programs, and what was sent.
Knows  nothing of queues: when a notice is due, and to whom, is queue.notices.

Invariants
    The octets are 7-bit with CRLF line ends, whatever the receivers' words or the original message hold.
    Words of strangers stand in it as one bounded line, so they cannot forge a field.
    The size is bounded: MAX_RETURNED_OCTETS of the original, MAX_RECIPIENTS_IN_WORDS explained at length.
The notice travels with the null reverse-path and is never answered by another (RFC 5321 §4.5.5): that is the queue's.
RFC 3461 §6 (what to return), RFC 3464 §2 (fields), RFC 6522 §3 (multipart/report), RFC 6533 §3 (addresses beyond
ASCII in the form that fits 7-bit fields), RFC 3834 §5 (Auto-Submitted).
"""

import re
from email.utils import formatdate

import msgspec

from ..reply import Reply
from .compose import date_field, field, is_safe, multipart_body, notice_fields, octets_part, text_part
from .dsn_words import Words, explanation
from .headers import unfold, values_of

MAX_RETURNED_OCTETS = 64 * 1024
MAX_RETURNED_HEAD_OCTETS = 16 * 1024
MAX_RECIPIENTS_IN_WORDS = 20
MAX_WORDS = 900  # characters of a receiver's reply
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_STATUS = re.compile(r"([45]\.[0-9]{1,3}\.[0-9]{1,3})(?:\s|$)")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
EXPIRED_STATUS = "4.4.7"  # RFC 3463 §3.5: delivery time expired


class FailedRecipient(msgspec.Struct, frozen=True):
    """One recipient that the message did not reach."""

    address: str
    last_attempt_ms: int
    reply: Reply | None = None  # the last one heard
    why: str = ""  # our words when there was no reply, perhaps with an enhanced status code in front
    kind: str = ""  # as the queue's ReplyJudge named it
    host: str = ""  # MX host of the last attempt
    orcpt: str = ""  # "rfc822;…", xtext still encoded
    expired: bool = False  # given up for its age


class FailureNotice(msgspec.Struct, frozen=True):
    """Everything a notice is made of. `recipients` has at least one."""

    hostname: str
    unique: str  # makes the Message-ID and the boundary; letters and digits, never used twice, not guessable
    to: str  # the original reverse-path
    now_ms: int
    arrival_ms: int
    head: bytes  # of the original message, with its blank line
    recipients: tuple[FailedRecipient, ...]
    body: bytes | None = None  # of the original; None: not at hand
    ret: str = ""  # "FULL", "HDRS" or ""
    envid: str = ""  # xtext still encoded
    queue_id: str = ""


def compose_failure_notice(facts: FailureNotice) -> tuple[bytes, bytes]:
    """(head with its blank line, body). Pure; the same facts give the same octets."""
    boundary = f"youtong-report-{facts.unique}"
    parts = [text_part(_words(facts)), _status_part(facts), _returned_part(facts)]
    return _head(facts, boundary), multipart_body(parts, boundary)


def _head(facts: FailureNotice, boundary: str) -> bytes:
    original_id = _original_message_id(facts.head)
    fields = [
        *notice_fields(facts.hostname, facts.unique, facts.to, facts.now_ms),
        *([field("In-Reply-To", original_id), field("References", original_id)] if original_id else []),
        f'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="{boundary}"\r\n'.encode("ascii"),
    ]
    return b"".join(fields) + b"\r\n"


def _original_message_id(head: bytes) -> str:
    values = values_of(head, b"message-id")
    found = _MESSAGE_ID.search(unfold(values[0]).decode("ascii", "replace")) if values else None
    return found.group() if found and found.group().isascii() else ""


def _words(facts: FailureNotice) -> str:
    shown = facts.recipients[:MAX_RECIPIENTS_IN_WORDS]
    more = len(facts.recipients) - len(shown)
    sent = formatdate(facts.arrival_ms / 1000)
    lines = [
        f"This is the mail system at {facts.hostname}.",
        f"Your message of {sent} was not delivered to the following:",
        *(line for recipient in shown for line in _paragraph(recipient, english=True)),
        *([f"\r\n… and to {more} more, listed in the part for programs."] if more else []),
        "\r\n" + "-" * 60,
        f"这里是 {facts.hostname} 的邮件系统。",
        f"您于 {sent} 发出的邮件未能送达以下收件人：",
        *(line for recipient in shown for line in _paragraph(recipient, english=False)),
        *([f"\r\n……另有 {more} 个收件人，见供程序读取的部分。"] if more else []),
        *([f"\r\nQueue ID / 队列编号： {facts.queue_id}"] if facts.queue_id else []),
    ]
    return "\r\n".join(lines) + "\r\n"


def _paragraph(recipient: FailedRecipient, *, english: bool) -> list[str]:
    found = explanation(recipient.kind, expired=recipient.expired)
    words: Words = found.english if english else found.chinese
    said = _one_line(str(recipient.reply)) if recipient.reply else _one_line(recipient.why)
    who = recipient.host or ("the receiving system" if english else "对方系统")
    heading = (
        (f"{who} said:" if english else f"{who} 的原话：") if recipient.reply else ("Details:" if english else "详情：")
    )
    quoted = [f"  {heading}", f"    {said}"] if said else []
    return ["", f"<{_one_line(recipient.address)}>", f"  {words.what}", f"  {words.advice}", *quoted]


def _one_line(text: str) -> str:
    return " ".join(text.split())[:MAX_WORDS]


def _status_part(facts: FailureNotice) -> bytes:
    message_fields = [
        field("Reporting-MTA", f"dns; {facts.hostname}"),
        *([field("Original-Envelope-Id", _ascii(decode_xtext(facts.envid)))] if facts.envid else []),
        date_field("Arrival-Date", facts.arrival_ms),
    ]
    groups = [b"".join(message_fields), *(_recipient_fields(recipient) for recipient in facts.recipients)]
    return b"Content-Type: message/delivery-status\r\n\r\n" + b"\r\n".join(groups)


def _recipient_fields(recipient: FailedRecipient) -> bytes:
    reply = recipient.reply
    fields = [
        *([field("Original-Recipient", _original_recipient(recipient.orcpt))] if recipient.orcpt else []),
        field("Final-Recipient", _typed_address(recipient.address)),
        field("Action", "failed"),
        field("Status", status_of(recipient)),
        *([field("Remote-MTA", f"dns; {recipient.host}")] if recipient.host and reply else []),
        *([field("Diagnostic-Code", f"smtp; {_ascii(_one_line(str(reply)))}")] if reply else []),
        *(
            [field("Diagnostic-Code", f"x-youtong; {_ascii(_one_line(recipient.why))}")]
            if recipient.why and not reply
            else []
        ),
        date_field("Last-Attempt-Date", recipient.last_attempt_ms),
    ]
    return b"".join(fields)


def status_of(recipient: FailedRecipient) -> str:
    """The enhanced status code (RFC 3463 §2): the receiver's own, else what its code or our words say."""
    if recipient.expired:
        return EXPIRED_STATUS
    if recipient.reply is not None:
        return recipient.reply.enhanced or f"{recipient.reply.code // 100}.0.0"
    found = _STATUS.match(recipient.why)
    return found.group(1) if found else "5.0.0"


def _original_recipient(orcpt: str) -> str:
    kind, _, address = orcpt.partition(";")
    decoded = decode_xtext(address)
    return f"{_ascii(kind)};{decoded}" if decoded.isascii() else f"utf-8;{_unicode_escaped(decoded)}"


def _typed_address(address: str) -> str:
    return f"rfc822;{address}" if address.isascii() else f"utf-8;{_unicode_escaped(address)}"


def _unicode_escaped(address: str) -> str:
    r"""RFC 6533 §3: each character beyond ASCII, and the escape character itself, as \x{HEX}."""
    return "".join(c if c.isascii() and c != "\\" else f"\\x{{{ord(c):X}}}" for c in address)


def decode_xtext(text: str) -> str:
    """RFC 3461 §4: +HH is one character; control characters do not come out of it."""
    decoded = _XTEXT.sub(lambda found: chr(int(found.group(1), 16)), text)
    return "".join(c if c.isprintable() else "?" for c in decoded)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")


def _returned_part(facts: FailureNotice) -> bytes:
    """The whole message when the sender asked for it and it fits in 7 bits and in the bound; else its header fields."""
    if facts.ret == "FULL" and facts.body is not None:
        whole = facts.head + facts.body
        if len(whole) <= MAX_RETURNED_OCTETS and is_safe(whole):
            return octets_part("message/rfc822", whole)
    return octets_part("text/rfc822-headers", _bounded(facts.head))


def _bounded(head: bytes) -> bytes:
    """At most MAX_RETURNED_HEAD_OCTETS, cut at a line's end."""
    if len(head) <= MAX_RETURNED_HEAD_OCTETS:
        return head
    return head[: head.rfind(b"\r\n", 0, MAX_RETURNED_HEAD_OCTETS) + 2]
