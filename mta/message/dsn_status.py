"""The part of a notice for programs: fields about the message, then a group of fields for each recipient.

Owns   message/delivery-status and message/global-delivery-status, and the enhanced status code of each recipient.
Knows  nothing of the words for people.

Invariant  a receiver's words are one bounded line of one field. The first digit of a status agrees with the action:
           a 550 that we retry is reported as 4yz while it is delayed.
RFC 3464 §2.2 and §2.3 (fields), RFC 3463 §2 (status codes), RFC 6533 §4 (UTF-8 in them), RFC 2852 §5
(Deliver-By-Date).
"""

import re

from .compose import date_field, field, utf8_field
from .notice import Action, Notice, Reported
from .notice_address import decode_xtext, typed_original, typed_recipient

MAX_WORDS = 900  # characters of a receiver's reply
MAX_WORDS_OF_MANY = 200  # and where many recipients are told of at once
MANY = 50
EXPIRED_STATUS = "4.4.7"
"""RFC 3463 §3.5: delivery time expired. Class 4, because sending it again may succeed (§2)."""

DEADLINE_STATUS = "5.4.7"
"""The same by the sender's own deadline: it wants no more of it (RFC 2852 §4.1)."""

_STATUS = re.compile(r"[245](\.[0-9]{1,3}\.[0-9]{1,3})(?:\s|$)")
_CLASS = {Action.FAILED: "5", Action.DELAYED: "4", Action.RELAYED: "2"}


def status_part(notice: Notice) -> bytes:
    """The part with its own fields."""
    groups = [_message_fields(notice), *(_recipient_fields(each, notice) for each in notice.recipients)]
    octets = b"\r\n".join(groups)
    if notice.in_ascii:
        return b"Content-Type: message/delivery-status\r\n\r\n" + octets
    encoding = b"" if octets.isascii() else b"Content-Transfer-Encoding: 8bit\r\n"
    return b"Content-Type: message/global-delivery-status\r\n" + encoding + b"\r\n" + octets


def _message_fields(notice: Notice) -> bytes:
    envid = decode_xtext(notice.envid)
    fields = [
        field("Reporting-MTA", f"dns; {notice.hostname}"),
        *([_field("Original-Envelope-Id", envid, notice)] if envid else []),
        date_field("Arrival-Date", notice.arrival_ms),
        *([date_field("Deliver-By-Date", notice.deliver_by_ms)] if notice.deliver_by_ms else []),
    ]
    return b"".join(fields)


def _recipient_fields(recipient: Reported, notice: Notice) -> bytes:
    in_ascii, orcpt = notice.in_ascii, recipient.orcpt
    longest = MAX_WORDS if len(notice.recipients) <= MANY else MAX_WORDS_OF_MANY
    diagnosis = _diagnosis(recipient, longest)
    fields = [
        *([_field("Original-Recipient", typed_original(orcpt, in_ascii=in_ascii), notice)] if orcpt else []),
        _field("Final-Recipient", typed_recipient(recipient.address, in_ascii=in_ascii), notice),
        field("Action", recipient.action),
        field("Status", status_of(recipient)),
        *([field("Remote-MTA", f"dns; {recipient.host}")] if recipient.host and recipient.reply else []),
        *([_field("Diagnostic-Code", diagnosis, notice)] if diagnosis else []),
        *([date_field("Last-Attempt-Date", recipient.last_attempt_ms)] if recipient.last_attempt_ms else []),
        *([date_field("Will-Retry-Until", recipient.retry_until_ms)] if recipient.action is Action.DELAYED else []),
    ]
    return b"".join(fields)


def _field(name: str, value: str, notice: Notice) -> bytes:
    if notice.in_ascii:
        return field(name, value.encode("ascii", "replace").decode("ascii"))
    return utf8_field(name, value)


def _diagnosis(recipient: Reported, longest: int) -> str:
    if recipient.reply is not None:
        return f"smtp; {one_line(str(recipient.reply), longest)}"
    return f"x-youtong; {one_line(recipient.why, longest)}" if recipient.why else ""


def one_line(text: str, longest: int = MAX_WORDS) -> str:
    """A stranger's words in one line, without anything that steers a terminal or turns the direction of reading."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * longest]).split())[:longest]


def status_of(recipient: Reported) -> str:
    """The enhanced status code: the receiver's own, else what its code or our words say, in the action's class."""
    if recipient.expired:
        return DEADLINE_STATUS if recipient.deadline_seconds else EXPIRED_STATUS
    said = recipient.reply.enhanced if recipient.reply is not None else recipient.why
    found = _STATUS.match(said)
    return _CLASS[recipient.action] + (found.group(1) if found else _unsaid(recipient))


def _unsaid(recipient: Reported) -> str:
    """Delayed without a word: nobody answered (RFC 3463 §3.5)."""
    return ".4.1" if recipient.action is Action.DELAYED and recipient.reply is None else ".0.0"
