"""Messages made to harm who reads them: notices in notices, and parts without end.

Owns   their octets, which are bounded here: a few hundred kilobytes.
Knows  nothing of when they are sent, and nothing of the bounds of who reads.
"""

from .case import Case, letter_head, multipart, octets

_DEPTH = 300
_PARTS = 8_000


def nested(case: Case, innermost: bytes) -> bytes:
    """A notice within so many messages that a reader that recurses would fall."""
    inside = innermost
    wrapper = octets("Content-Type: message/rfc822", "")
    inside = wrapper * _DEPTH + inside
    return letter_head(case, f"MAILER-DAEMON@{case.host}", "Undeliverable") + inside


def bomb(case: Case) -> bytes:
    """Thousands of parts, each a notice's fields that say nothing true."""
    fields = octets("Final-Recipient: rfc822; nobody@elsewhere.test", "Action: failed", "Status: 5.1.1")
    head = letter_head(case, f"MAILER-DAEMON@{case.host}", "Undeliverable")
    return multipart(case, head, *[("message/delivery-status", fields)] * _PARTS)
