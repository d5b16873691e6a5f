"""Complaints: what a feedback loop sends when a reader presses "spam".

Owns   the Abuse Reporting Format, whole and redacted (RFC 5965 §3, RFC 6650 §4), and the letter with Microsoft's mark.
Knows  nothing of when they are sent.
"""

import re

from .case import Case, letter_head, multipart, octets, report


def arf(case: Case, *, to: str, redacted: bool) -> bytes:
    """Redacted: neither the reader's address nor the reverse-path is told, and the letter's To is hidden."""
    head = letter_head(case, f"feedback@{case.host}", f"FW: {case.field('Subject')}", to=to)
    told = [
        f"Original-Mail-From: <{case.received.reverse_path}>",
        f"Original-Rcpt-To: <{case.recipient}>",
    ]
    fields = octets(
        "Feedback-Type: abuse", "User-Agent: Simulated-FBL/1.0", "Version: 1", *([] if redacted else told),
        f"Arrival-Date: {case.date}", f"Reporting-MTA: dns; {case.host}", f"Source-IP: {case.received.client}",
    )  # fmt: skip
    letter = _redacted(case) if redacted else case.head + b"\r\n" + case.received.content.partition(b"\r\n\r\n")[2]
    return report(
        case, head, "feedback-report",
        ("text/plain; charset=us-ascii", octets("This is an email abuse report.")),
        ("message/feedback-report", fields),
        ("message/rfc822", letter),
    )  # fmt: skip


def microsoft(case: Case, *, to: str) -> bytes:
    head = letter_head(case, f"staff@{case.host}", "complaint about message from sender", to=to)
    letter = octets(f"X-HmXmrOriginalRecipient: {case.recipient}") + case.received.content
    return multipart(case, head, ("message/rfc822", letter))


def _redacted(case: Case) -> bytes:
    hidden = re.sub(
        rb"(?im)^(to|delivered-to|return-path):.*$", rb"\1: redacted@redacted.invalid\r", case.received.content
    )
    return hidden.replace(case.recipient.encode(), b"redacted@redacted.invalid")
