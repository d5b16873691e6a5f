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
from collections.abc import Iterator

import msgspec

from .arf_reader import read_complaint
from .dsn_reader import read_notice
from .evidence import expects_answers
from .fields import Fields
from .heuristics import read_unstandard
from .receipts import read_receipt
from .report import Report, ReportSort, ReturnedLetter
from .returned_letter import returned_letter
from .tree import MessageTree, read_tree

_log = logging.getLogger(__name__)
_PASSED_ON = re.compile(
    r"\s*(?:fwd?|wg|tr|rv|enc|i|vs|doorst|转发|轉寄|転送|пересл?)\s*(?:\[\d+\])?[:：]", re.IGNORECASE
)  # fmt: skip
_A_MACHINES = re.compile(r"mailer-daemon|postmaster|mail delivery|no-?reply|bounce|<>", re.IGNORECASE)
_MAX_WRAPPERS = 3


def read_report(octets: bytes) -> Report:
    """What this message says about mail of ours; sort OTHER when it says nothing that we understand."""
    try:
        return report_of(read_tree(octets))
    except Exception:  # noqa: BLE001 - octets of strangers: one message that we cannot read is no reason to read no others
        _log.exception("a message that came back could not be read")
        return Report(ReportSort.OTHER, style="fault")


def report_of(tree: MessageTree, wrappers: int = 0) -> Report:
    """The same of a tree. May raise what read_report catches: for tests, which must see it."""
    found = _by_the_book(tree) or _in_the_styles_of_the_world(tree)
    if wrappers < _MAX_WRAPPERS and (found is None or (found.sort is ReportSort.BOUNCE and not found.recipients)):
        carried = (report_of(inner, wrappers + 1) for inner in _carried(tree))
        found = next((report for report in carried if report.sort is not ReportSort.OTHER), found)
    return found or Report(ReportSort.OTHER, truncated=tree.truncated)


def _by_the_book(tree: MessageTree) -> Report | None:
    return read_complaint(tree) or read_notice(tree) or read_receipt(tree)


def _in_the_styles_of_the_world(tree: MessageTree) -> Report | None:
    """With the letter, which those readers leave to us."""
    found = read_unstandard(tree)
    if found is None:
        return None
    letter = returned_letter(tree) if found.letter == ReturnedLetter() else found.letter
    return msgspec.structs.replace(found, letter=letter, truncated=found.truncated or tree.truncated)


def _is_passed_on(tree: MessageTree) -> bool:
    """By a person, so that it is no notice to us."""
    return bool(_PASSED_ON.match(tree.fields.first("subject"))) and not _A_MACHINES.search(tree.fields.first("from"))


def _carried(tree: MessageTree) -> Iterator[MessageTree]:
    """The letters in a wrapper that has nothing to say itself: gateways and forwarding rules wrap, people comment."""
    if not _is_passed_on(tree):
        by_machine = _A_MACHINES.search(tree.fields.first("from")) is not None
        says_nothing = by_machine or not any(each.isalnum() for each in tree.human_text)
        if by_machine or not expects_answers(tree.fields):
            subject = tree.fields.first("subject")
            yield from (inner for inner in tree.enclosed() if says_nothing or _is_within(inner.fields, subject))


def _is_within(inner: Fields, subject: str) -> bool:
    return bool(inner.first("subject")) and inner.first("subject") in subject
