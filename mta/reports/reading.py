"""Reading a message that came back: any octets in, the facts out.

Owns   the order of the readers: by the book first (complaints, notices, receipts), then the styles of the world.
       What to do with a report that somebody wrapped in a message of their own.
Knows  nothing of what a failure means, or of whose letter it was.

Invariants
    `read_report` never raises, whatever the octets, and its work is bounded (see tree).
    LF, CRLF and CR as line ends of one message give the same report.
    A report within a report speaks of somebody else's letter (ours was a notice): it is never read.
"""

import logging
import re
from collections.abc import Callable, Iterator

from .arf_reader import read_complaint
from .dsn_reader import read_notice
from .receipts import read_receipt
from .report import Report, ReportSort
from .tree import MessageTree, read_tree

_log = logging.getLogger(__name__)
_READERS: tuple[Callable[[MessageTree], Report | None], ...] = (read_complaint, read_notice, read_receipt)
_FORWARDED_BY_HAND = re.compile(
    r"\s*(?:fwd?|wg|tr|rv|enc|i|vs|doorst|转发|轉寄|転送|пересл?)\s*(?:\[\d+\])?[:：]", re.IGNORECASE
)
_A_MACHINES = re.compile(r"mailer-daemon|postmaster|mail delivery|no-?reply|bounce|<>", re.IGNORECASE)
_MAX_WRAPPERS = 3
_FEW_WORDS = 200  # characters of a wrapper that says nothing itself


def read_report(octets: bytes) -> Report:
    """What this message says about mail of ours; sort OTHER when it says nothing that we understand."""
    try:
        return report_of(read_tree(octets))
    except Exception:  # noqa: BLE001  strangers' octets: one message that we cannot read is no reason to read no others
        _log.exception("a message that came back could not be read")
        return Report(ReportSort.OTHER, style="fault")


def report_of(tree: MessageTree, wrappers: int = 0) -> Report:
    """The same of a tree. May raise what read_report catches: for tests, which must see it."""
    found = next((report for reader in _READERS if (report := reader(tree))), None)
    if found is None and wrappers < _MAX_WRAPPERS:
        found = next(
            (report for inner in _carried(tree) if (report := report_of(inner, wrappers + 1)).sort != "other"), None
        )
    return found or Report(ReportSort.OTHER, truncated=tree.truncated)


def _carried(tree: MessageTree) -> Iterator[MessageTree]:
    """The letters in a wrapper that has nothing to say itself: gateways and forwarding rules wrap, people comment."""
    subject, sender = tree.fields.first("subject"), tree.fields.first("from")
    if _FORWARDED_BY_HAND.match(subject) and not _A_MACHINES.search(sender):
        return
    for inner in tree.enclosed():
        its_subject = inner.fields.first("subject")
        if (
            (its_subject and its_subject in subject)
            or _A_MACHINES.search(sender)
            or len(tree.human_text.strip()) < _FEW_WORDS
        ):
            yield inner
