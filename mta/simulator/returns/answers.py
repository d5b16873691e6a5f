"""Answers of people's machines: absence, also one that quotes words of failure; a new address; a challenge.

Owns   their words and marks (RFC 3834 §5). None of them says that a letter failed.
Knows  nothing of when they are sent.
"""

from .case import Case, letter_head, plain


def vacation(case: Case) -> bytes:
    head = letter_head(
        case, f"<{case.recipient}>", f"Out of office: {case.field('Subject')}", "Auto-Submitted: auto-replied",
        "X-Auto-Response-Suppress: All",
    )  # fmt: skip
    return plain(head, "I am out of office until Monday and read no mail until then.", "Kind regards")


def vacation_quoting(case: Case) -> bytes:
    """It speaks of failures of which none is ours."""
    head = letter_head(
        case, f"<{case.recipient}>", f"Automatic reply: {case.field('Subject')}", "Auto-Submitted: auto-replied"
    )
    return plain(
        head,
        "I am on vacation. Some of you wrote that mail to me was returned with",
        '"550 5.1.1 User unknown" or "mailbox full"; this is repaired, and I read everything when I am back.',
    )


def moved(case: Case) -> bytes:
    head = letter_head(
        case, f"<{case.recipient}>", "Automatic reply: my address has changed", "Auto-Submitted: auto-replied"
    )
    name = case.recipient.rpartition("@")[0]
    return plain(head, f"My e-mail address has changed. Please write to {name}.new@{case.domain} from now on.")


def challenge(case: Case) -> bytes:
    head = letter_head(
        case, f"<{case.recipient}>", "Please confirm your message", "Auto-Submitted: auto-replied",
        f"In-Reply-To: {case.field('Message-ID')}",
    )  # fmt: skip
    return plain(
        head,
        f"This mailbox is protected. Your message to {case.recipient} is being held.",
        "To have it delivered, please verify that you are a person: reply to this message once.",
    )
