"""The part of a notice that returns the message, or its header section.

Owns   how much comes back, and as which type.
Knows  nothing of the other parts.

The whole message comes back for a failure only (RFC 3461 §4.3): as far as MAX_RETURNED_OCTETS when the sender asked
for it, and as far as MAX_UNASKED_OCTETS when it did not say: a letter of words fits in that and is what a person
wants back to send again; one with pictures or attachments does not, and nobody wants it twice.
A message that does not fit in the form of the notice (8-bit in an ASCII one; message/rfc822 must not be encoded,
RFC 2046 §5.2.1) gives its header section, which may be.
RFC 6522 §3 and §4 (text/rfc822-headers), RFC 6533 §5 (message/global, message/global-headers).
"""

from .compose import has_safe_lines, is_safe, octets_part, raw_part
from .notice import Action, Notice

MAX_RETURNED_OCTETS = 64 * 1024
MAX_UNASKED_OCTETS = 32 * 1024
MAX_RETURNED_HEAD_OCTETS = 16 * 1024


def returned_part(notice: Notice) -> bytes:
    """The part with its own fields."""
    whole = _whole(notice)
    if whole is not None and is_safe(whole):
        return raw_part("message/rfc822", whole)
    if whole is not None and not notice.in_ascii and has_safe_lines(whole):
        return raw_part("message/global" if _is_utf8(notice.head) else "message/rfc822", whole)
    head = _bounded(notice.head)
    is_global = not notice.in_ascii and _is_utf8(head) and has_safe_lines(head)
    return raw_part("message/global-headers", head) if is_global else octets_part("text/rfc822-headers", head)


def _whole(notice: Notice) -> bytes | None:
    """The message, when it may come back."""
    limits = {"FULL": MAX_RETURNED_OCTETS, "": MAX_UNASKED_OCTETS}
    if notice.body is None or Action.FAILED not in notice.actions():
        return None
    whole = notice.head + notice.body
    return whole if len(whole) <= limits.get(notice.ret, 0) else None


def _is_utf8(head: bytes) -> bool:
    """Whether the head has characters beyond ASCII, in UTF-8."""
    try:
        return not head.decode("utf-8").isascii()
    except UnicodeDecodeError:
        return False


def _bounded(head: bytes) -> bytes:
    """At most MAX_RETURNED_HEAD_OCTETS, cut at a line's end."""
    if len(head) <= MAX_RETURNED_HEAD_OCTETS:
        return head
    return head[: head.rfind(b"\r\n", 0, MAX_RETURNED_HEAD_OCTETS) + 2]
