"""The notice of last resort: for a message whose proper notice cannot be composed.

Owns   `compose_minimal_notice`: one plain-text part, in which nothing of the original message stands.
Knows  no receiver's words, no part for programs: whatever could be the fault of the proper one is left out.

Invariant  7-bit with CRLF line ends and of bounded size, whatever the recipients' addresses hold.
RFC 3834 §5 (Auto-Submitted).
"""

import msgspec

from .compose import notice_fields, text_part
from .notice import Action

_MAX_SHOWN = 100
_HEADINGS = {
    Action.FAILED: ("Your message was not delivered to the following:", "您的邮件未能送达以下收件人："),
    Action.DELAYED: (
        "Your message is not delivered yet to the following; we keep trying:",
        "您的邮件尚未送达以下收件人，系统会继续尝试：",
    ),
    Action.RELAYED: ("Your message was handed on for the following:", "您的邮件已转交给以下收件人的邮件系统："),
}


class MinimalNotice(msgspec.Struct, frozen=True):
    """What the sender must hear all the same."""

    hostname: str
    unique: str  # as in Notice
    to: str
    now_ms: int
    queue_id: str
    recipients: tuple[tuple[Action, str], ...]


def compose_minimal_notice(facts: MinimalNotice) -> tuple[bytes, bytes]:
    """(head with its blank line, body)."""
    content_type, _, body = text_part(_words(facts)).partition(b"\r\n\r\n")
    fields = [
        *notice_fields(facts.hostname, facts.unique, facts.to, "About your message / 关于您的邮件", facts.now_ms),
        content_type + b"\r\n\r\n",
    ]
    return b"".join(fields), body


def _words(facts: MinimalNotice) -> str:
    groups = [line for action in Action for line in _group(facts, action)]
    return "\r\n".join([*groups, f"Queue ID / 队列编号：{facts.queue_id}", ""])


def _group(facts: MinimalNotice, action: Action) -> list[str]:
    addresses = [address for each, address in facts.recipients if each is action]
    if not addresses:
        return []
    shown = [f"  {_plain(address)}" for address in addresses[:_MAX_SHOWN]]
    return [*_HEADINGS[action], *shown, *(["  …"] if len(addresses) > _MAX_SHOWN else []), ""]


def _plain(address: str) -> str:
    return " ".join(address.encode("ascii", "backslashreplace").decode("ascii").split())[:320]
