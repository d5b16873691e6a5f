"""Reports that are neither about delivery nor a complaint: read receipts, TLS reports and whatever comes next.

Owns   `read_receipt`: sort RECEIPT for a message disposition notification, OTHER for another multipart/report.
Knows  nothing of the styles of machines that answer (answers).

A receipt says that the letter was delivered, also when it says deleted or failed: that is of the reader's program.
But a filter's "reject" may come as one (RFC 5429 §2.2.1); its words tell it, and the styles of notices read it.
RFC 8098 §3 (fields), RFC 6522 §3 (report-type), RFC 8460 §5.3 (TLS reports).
"""

import re

from .addresses import typed_address
from .dsn_reader import STATUS_TYPES
from .fields import read_head
from .report import Report, ReportedRecipient, ReportSort
from .returned_letter import returned_letter
from .tree import MessageTree

_DISPOSITION = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_REFUSES = re.compile(r"was automatically rejected|message .{0,80}(?:rejected|refused) (?:by|for)", re.IGNORECASE)
_OF_NOTICES = frozenset({"", "delivery-status", "global-delivery-status"})


def read_receipt(tree: MessageTree) -> Report | None:
    """The report of a multipart/report that is no notice; None of all else."""
    for part in tree.parts:
        if part.type in _DISPOSITION:
            return None if _REFUSES.search(tree.human_text) else _receipt(tree, part.text)
    kind = tree.parts[0].parameter("report-type").lower() if tree.type == "multipart/report" else ""
    if kind in _OF_NOTICES or any(part.type in STATUS_TYPES for part in tree.parts):
        return None
    if kind == "disposition-notification":
        return Report(ReportSort.RECEIPT, letter=returned_letter(tree), style="rfc8098", truncated=tree.truncated)
    return Report(ReportSort.OTHER, style="report", truncated=tree.truncated)


def _receipt(tree: MessageTree, text: str) -> Report:
    fields, _ = read_head(text.lstrip().encode("utf-8", "replace"))
    original, final = typed_address(fields.first("original-recipient")), typed_address(fields.first("final-recipient"))
    recipient = ReportedRecipient(original or final, original, final, words=fields.first("disposition")[:200])
    recipients = (recipient,) if recipient.address else ()
    return Report(ReportSort.RECEIPT, recipients, returned_letter(tree), style="rfc8098", truncated=tree.truncated)
