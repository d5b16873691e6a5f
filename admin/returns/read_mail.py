"""What a reader says of one inbound message, as a value that crosses a process border.

Owns   Reading, and making one of a report and the rules.
Knows  no row of ours. Pure, and bounded as its parts are.
"""

import msgspec

from ...mta.reports.report import Complaint, Report, ReportedRecipient, ReportSort, ReturnedLetter
from ...policy.bounces.classifying import meaning_of
from ...policy.bounces.meaning import Meaning
from ...policy.bounces.ruling import BounceRules

MAX_RECIPIENTS = 100
"""Of one message. Our reverse-paths have one recipient; a notice about a mailing has some more."""
_FAILED = frozenset({"", "failed"})
_UNNAMED = ReportedRecipient("")


class Told(msgspec.Struct, frozen=True):
    """What it says about one recipient; `meaning` None: it has not failed."""

    recipient: ReportedRecipient
    meaning: Meaning | None = None


class Reading(msgspec.Struct, frozen=True):
    """Of one message."""

    sort: ReportSort
    told: tuple[Told, ...] = ()
    letter: ReturnedLetter = ReturnedLetter()
    complaint: Complaint | None = None


def reading_of(report: Report, rules: BounceRules) -> Reading:
    recipients = report.recipients or ((_UNNAMED,) if report.sort is ReportSort.BOUNCE else ())
    told = tuple(_told(report, each, rules) for each in recipients[:MAX_RECIPIENTS])
    return Reading(report.sort, told, report.letter, report.complaint)


def _told(report: Report, recipient: ReportedRecipient, rules: BounceRules) -> Told:
    if report.sort is not ReportSort.BOUNCE or recipient.action not in _FAILED:
        return Told(recipient)
    return Told(recipient, meaning_of(recipient, rules, report.reporting_mta))
