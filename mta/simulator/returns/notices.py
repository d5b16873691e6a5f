"""Notices by the book: what Postfix, Exchange, Gmail and Sendmail send back.

Owns   their words and fields, for failures, delays and successes. RFC 3464 §2.2, §2.3.
Knows  nothing of when they are sent.
"""

from .case import Case, letter_head, octets, report

_WORDS = {
    "failed": "Your message could not be delivered to one or more recipients.",
    "delayed": "Your message has not been delivered yet. It will be tried again; you need not send it again.",
    "delivered": "Your message was successfully delivered to the recipients below.",
}


def postfix(case: Case, action: str = "failed") -> bytes:
    subject = {"failed": "Undelivered Mail Returned to Sender", "delayed": "Delayed Mail (still being retried)"}
    head = letter_head(
        case, f"MAILER-DAEMON@{case.host} (Mail Delivery System)",
        subject.get(action, "Successful Mail Delivery Report"), "Auto-Submitted: auto-replied",
    )  # fmt: skip
    words = octets(
        f"This is the mail system at host {case.host}.", "", _WORDS[action], "",
        f"<{case.failed}>: host {case.host} said: {case.says} (in reply to end of DATA command)",
    )  # fmt: skip
    return report(
        case, head, "delivery-status",
        ("text/plain; charset=us-ascii", words),
        ("message/delivery-status", _status(case, action, ("X-Postfix-Sender", f"rfc822; {_sender(case)}"))),
        ("text/rfc822-headers", case.head),
    )  # fmt: skip


def exchange(case: Case, action: str = "failed") -> bytes:
    head = letter_head(case, f"Microsoft Outlook <postmaster@{case.host}>", f"Undeliverable: {case.field('Subject')}")
    words = octets(
        f"Your message to {case.failed} couldn't be delivered.", "",
        "Diagnostic information for administrators:", "", f"Generating server: {case.host}", "", case.failed,
        f"Remote Server returned '{case.says}'",
    )  # fmt: skip
    return report(
        case, head, "delivery-status",
        ("text/plain; charset=us-ascii", words),
        ("message/delivery-status", _status(case, action)),
        ("message/rfc822", case.received.content),
    )  # fmt: skip


def gmail(case: Case, action: str = "failed") -> bytes:
    head = letter_head(
        case, f"Mail Delivery Subsystem <mailer-daemon@{case.host}>", "Delivery Status Notification (Failure)",
        f"X-Failed-Recipients: {case.failed}", "Auto-Submitted: auto-replied",
    )  # fmt: skip
    words = octets(
        "** Message not delivered **", "", f"Your message to {case.failed} was not delivered.", "",
        "The response was:", "", case.says,
    )  # fmt: skip
    return report(
        case, head, "delivery-status",
        ('text/plain; charset="UTF-8"', words),
        ("message/delivery-status", _status(case, action)),
        ("message/rfc822", case.head),
    )  # fmt: skip


def sendmail(case: Case, action: str = "failed") -> bytes:
    head = letter_head(
        case, f"Mail Delivery Subsystem <MAILER-DAEMON@{case.host}>", "Returned mail: see transcript for details",
        "Auto-Submitted: auto-generated (failure)",
    )  # fmt: skip
    words = octets(
        f"The original message was received at {case.date}", "",
        "   ----- The following addresses had permanent fatal errors -----", f"<{case.failed}>",
        f"    (reason: {case.says})", "",
        "   ----- Transcript of session follows -----", f"... while talking to {case.host}.:",
        ">>> DATA", f"<<< {case.says}",
    )  # fmt: skip
    return report(
        case, head, "delivery-status",
        ("text/plain", words),
        ("message/delivery-status", _status(case, action)),
        ("text/rfc822-headers", case.head),
    )  # fmt: skip


def _status(case: Case, action: str, *about_all: tuple[str, str]) -> bytes:
    said = [] if action == "delivered" else [f"Diagnostic-Code: smtp; {case.says}"]
    status = "2.0.0" if action == "delivered" else case.status
    original = [f"Original-Recipient: rfc822;{case.recipient}"] if not case.about else []
    return octets(
        f"Reporting-MTA: dns; {case.host}", *(f"{name}: {value}" for name, value in about_all),
        f"Arrival-Date: {case.date}",
        "", f"Final-Recipient: rfc822; {case.failed}", *original, f"Action: {action}", f"Status: {status}",
        f"Remote-MTA: dns; {case.host}", *said,
    )  # fmt: skip


def _sender(case: Case) -> str:
    return case.received.reverse_path
