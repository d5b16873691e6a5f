"""What a receiver offers in its reply to EHLO, and which parameters a client may therefore use.

Owns   the two lists, both drawn from one provider's `Dialog` settings.
RFC 5321 §4.1.1.1, RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8), RFC 3461 (DSN), RFC 3207 (STARTTLS).
"""

from .behaviours import StartTls
from .settings import Dialog

_PARAMETERS = frozenset({"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "NOTIFY", "ORCPT"})
_OF_DSN = frozenset({"RET", "ENVID", "NOTIFY", "ORCPT"})


def keywords(dialog: Dialog, *, over_tls: bool) -> list[str]:
    """The lines behind the hostname."""
    offered = [
        (dialog.pipelining, "PIPELINING"),
        (dialog.eight_bit_mime, "8BITMIME"),
        (dialog.smtputf8, "SMTPUTF8"),
        (dialog.dsn, "DSN"),
        (dialog.size_bytes > 0, f"SIZE {dialog.size_bytes}"),
        (dialog.starttls is not StartTls.NONE and not over_tls, "STARTTLS"),
    ]
    return [name for is_offered, name in offered if is_offered] + ["ENHANCEDSTATUSCODES"]


def parameters(dialog: Dialog) -> frozenset[str]:
    """What MAIL and RCPT may carry after EHLO; after HELO nothing."""
    missing = frozenset[str]() if dialog.dsn else _OF_DSN
    missing |= frozenset[str]() if dialog.smtputf8 else {"SMTPUTF8"}
    missing |= frozenset[str]() if dialog.eight_bit_mime else {"BODY"}
    missing |= frozenset[str]() if dialog.size_bytes else {"SIZE"}
    return _PARAMETERS - missing
