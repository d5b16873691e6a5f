"""The delivery status notification: a notice as octets, for people and programs.

Owns   `compose_notice`: a multipart/report with words for people, fields for programs, and what was sent.
Knows  nothing of queues: when a notice is due, and to whom, is queue.notices.notices.

Two forms. A reverse-path with an ASCII form gets a notice of 7-bit octets that every host takes; addresses beyond ASCII
stand in it escaped. Another reverse-path is reached with SMTPUTF8 only, so its notice is as RFC 6533 has it:
message/global-delivery-status with addresses as they are. So a notice never needs more than its address does.

Invariants
    CRLF line ends and no line over 998 octets, whatever the receivers' words or the original message hold.
    Words of strangers stand in it as one bounded line, so they cannot forge a field.
    The size is bounded: about 1.5 KiB a recipient at the worst, MAX_RETURNED_OCTETS of the original, and
    MAX_RECIPIENTS_IN_WORDS explained at length.
The notice travels with the null reverse-path and is never answered by another (RFC 5321 §4.5.5): that is the queue's.
RFC 6522 §3 (multipart/report), RFC 6533 §4 (its parts beyond ASCII), RFC 3834 §5 (Auto-Submitted).
"""

import re

from .compose import field, multipart_body, notice_fields, text_part
from .dsn_returned import returned_part
from .dsn_status import status_part
from .dsn_text import subject, text
from .headers import unfold, values_of
from .notice import Notice

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")


def compose_notice(notice: Notice) -> tuple[bytes, bytes]:
    """(head with its blank line, body). Pure; the same facts give the same octets."""
    boundary = f"youtong-report-{notice.unique}"
    parts = [text_part(text(notice)), status_part(notice), returned_part(notice)]
    body = multipart_body(parts, boundary)
    return _head(notice, boundary, is_ascii=body.isascii()), body


def _head(notice: Notice, boundary: str, *, is_ascii: bool) -> bytes:
    original_id = _original_message_id(notice.head)
    kind = "delivery-status" if notice.in_ascii else "global-delivery-status"
    fields = [
        *notice_fields(notice.hostname, notice.unique, notice.to, subject(notice.actions()), notice.now_ms),
        *([field("In-Reply-To", original_id), field("References", original_id)] if original_id else []),
        f'Content-Type: multipart/report; report-type={kind};\r\n boundary="{boundary}"\r\n'.encode("ascii"),
        *([] if is_ascii else [b"Content-Transfer-Encoding: 8bit\r\n"]),
    ]
    return b"".join(fields) + b"\r\n"


def _original_message_id(head: bytes) -> str:
    values = values_of(head, b"message-id")
    found = _MESSAGE_ID.search(unfold(values[0]).decode("ascii", "replace")) if values else None
    return found.group() if found and found.group().isascii() else ""
