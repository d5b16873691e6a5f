"""The notice of last resort: for a message whose proper failure notice cannot be composed.

Owns   `compose_minimal_notice`: one plain-text part, in which nothing of the original message stands.
Knows  no receiver's words, no part for programs: whatever could be the fault of the proper one is left out.

Invariant  7-bit with CRLF line ends and of bounded size, whatever the addresses hold.
RFC 3834 §5 (Auto-Submitted).
"""

import msgspec

from .compose import notice_fields, text_part

_MAX_SHOWN = 100


class MinimalNotice(msgspec.Struct, frozen=True):
    """What the sender must hear all the same."""

    hostname: str
    unique: str  # as in FailureNotice
    to: str
    now_ms: int
    queue_id: str
    recipients: tuple[str, ...]


def compose_minimal_notice(facts: MinimalNotice) -> tuple[bytes, bytes]:
    """(head with its blank line, body)."""
    content_type, _, body = text_part(_words(facts)).partition(b"\r\n\r\n")
    fields = [
        *notice_fields(facts.hostname, facts.unique, facts.to, facts.now_ms),
        content_type + b"\r\n\r\n",
    ]
    return b"".join(fields), body


def _words(facts: MinimalNotice) -> str:
    shown = [f"  {_plain(address)}" for address in facts.recipients[:_MAX_SHOWN]]
    more = ["  …"] if len(facts.recipients) > _MAX_SHOWN else []
    return "\r\n".join([
        "Your message was not delivered to the following:",
        "您的邮件未能送达以下收件人：",
        *shown,
        *more,
        f"Queue ID / 队列编号： {facts.queue_id}",
        "",
    ])  # fmt: skip


def _plain(address: str) -> str:
    return " ".join(address.encode("ascii", "backslashreplace").decode("ascii").split())[:320]
