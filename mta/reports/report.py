"""Report: the facts of a message that came back, as values.

Owns   what a reader of such messages finds: of which sort it is, which recipients it speaks about, and which letter.
Knows  no meaning (policy.bounces says what a failure means) and no row of ours.

Invariants
    Every field is as the message had it, decoded to text, cut to a bound, without line ends; nothing is guessed that
    the message does not say.
RFC 3464 §2, RFC 6533 §3, RFC 5965 §3, RFC 3834.
"""

from enum import StrEnum

import msgspec


class ReportSort(StrEnum):
    """What a message is. Only BOUNCE has failed recipients."""

    BOUNCE = "bounce"
    DELAY = "delay"  # still tried: Action delayed only
    SUCCESS = "success"  # delivered, relayed or expanded only
    AUTO_REPLY = "auto-reply"  # RFC 3834: a machine answered, and is none of the next four
    VACATION = "vacation"  # out of office
    RECEIPT = "receipt"  # RFC 8098: shown to the reader, or thrown away unread
    MOVED = "moved"  # has left, write to …: the letter was taken or not, and another address is named
    CHALLENGE = "challenge"  # asks the sender to prove that they are a person
    COMPLAINT = "complaint"  # ARF and its kin
    OTHER = "other"  # no report: a letter of a person, a newsletter, octets


class ReportedRecipient(msgspec.Struct, frozen=True):
    """One recipient of ours that the message speaks about."""

    address: str  # to whom we had written, as far as the message says: original before final; "" when it does not say
    original: str = ""  # Original-Recipient, without type
    final: str = ""  # Final-Recipient, without type
    action: str = ""  # the notice's own, lower case: failed, delayed, delivered, relayed, expanded; "" when it has none
    status: str = ""  # enhanced status code, as the notice's field or diagnostic has it: "5.1.1"
    remote_mta: str = ""
    diagnostic: str = ""  # what the remote host said, one line, without its type ("smtp;")
    code: int = 0  # reply code within the diagnostic
    words: str = ""  # what the human-readable part says about it
    new_address: str = ""  # "has moved to …"


class ReturnedLetter(msgspec.Struct, frozen=True):
    """What is left of our letter in the message."""

    message_id: str = ""  # without angle brackets
    reverse_path: str = ""  # Return-Path, Original-Mail-From
    feedback_id: str = ""
    to: tuple[str, ...] = ()  # without addresses of the mailing list that sent it on
    cc: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()  # From, Sender, Reply-To: never those whom it did not reach
    subject: str = ""
    original_to: str = ""  # Original-Envelope-Id, ENVID


class Complaint(msgspec.Struct, frozen=True):
    """The fields of a feedback report (RFC 5965 §3) that we use."""

    feedback_type: str  # abuse, fraud, virus, not-spam, opt-out, auth-failure, other …
    user_agent: str = ""
    recipients: tuple[str, ...] = ()  # Original-Rcpt-To; may be redacted
    reported_domain: str = ""
    source_ip: str = ""
    arrival: str = ""


class Report(msgspec.Struct, frozen=True):
    """All that was found in one message."""

    sort: ReportSort
    recipients: tuple[ReportedRecipient, ...] = ()
    letter: ReturnedLetter = ReturnedLetter()
    complaint: Complaint | None = None
    reporting_mta: str = ""
    style: str = ""  # which reader found it: "rfc3464", "rfc5965", "qmail", "exim", "flufl" …
    truncated: bool = False  # a bound was met: more was there than was looked at
