"""Complaints: feedback reports, and the forms of those who send a complaint without one.

Owns   `read_complaint`: a Report of sort COMPLAINT from message/feedback-report, from its fields in a part of another
       type, or from a letter that came back with Microsoft's mark of a complaint (JMRP).
Knows  nothing of whose letter it was, and does not believe it: recipients may be redacted or forged.

`feedback_type` is the report's own word; only `abuse`, `fraud`, `opt-out` and `opt-out-list` speak of a person who
wants no more. `not-spam` says the opposite, `auth-failure` (RFC 6591) nothing about the recipient.
RFC 5965 §3 (fields), RFC 6650 (use); RFC 6591 §3 (auth-failure).
"""

import re

import msgspec

from .addresses import typed_address
from .fields import Fields, read_head
from .report import Complaint, Report, ReportSort
from .returned_letter import returned_letter
from .tree import MessageTree, Part

_TYPES = frozenset({"message/feedback-report", "text/feedback-report", "application/feedback-report"})
_FEEDBACK = re.compile(r"^Feedback-Type[ \t]*:", re.IGNORECASE | re.MULTILINE)
_BESIDE = frozenset({"user-agent", "version", "original-mail-from", "original-rcpt-to", "source-ip", "arrival-date"})
_RECIPIENTS = ("original-rcpt-to", "removal-recipient", "x-original-rcpt-to")
_JMRP = "x-hmxmroriginalrecipient"
_JMRP_AMONG_WORDS = re.compile(
    r"^[> \t]{0,4}X-HmXmrOriginalRecipient[ \t]*:[ \t]*(\S{3,320})", re.IGNORECASE | re.MULTILINE
)
_SEARCHED = 64 * 1024
_MAX_RECIPIENTS = 100


def read_complaint(tree: MessageTree) -> Report | None:
    """The report of a complaint; None of all else."""
    fields = next((found for part in tree.parts if (found := _feedback(part))), None)
    complaint = _by_the_book(fields) if fields else _microsofts(tree)
    if complaint is None:
        return None
    letter = returned_letter(tree)
    if fields:
        reverse_path = letter.reverse_path or typed_address(fields.first("original-mail-from"))
        letter = msgspec.structs.replace(
            letter, reverse_path=reverse_path, original_to=fields.first("original-envelope-id")[:250]
        )
    style = "rfc5965" if fields else "jmrp"
    return Report(ReportSort.COMPLAINT, letter=letter, complaint=complaint, style=style, truncated=tree.truncated)


def _feedback(part: Part) -> Fields | None:
    """The fields of a feedback report; in a part of another type they must be more than the one."""
    begin = _FEEDBACK.search(part.text, 0, _SEARCHED)
    if part.type in _TYPES:
        fields = read_head(part.text.lstrip().encode("utf-8", "replace"))[0]
        return fields if fields.items else None
    if begin is None or not part.type.startswith(("text/plain", "message/", "application/octet-stream")):
        return None
    fields = read_head(part.text[begin.start() : _SEARCHED].encode("utf-8", "replace"))[0]
    return fields if sum(name in _BESIDE for name, _ in fields.items) >= 2 else None


def _by_the_book(fields: Fields) -> Complaint:
    values = [typed_address(value) for name in _RECIPIENTS for value in fields.all(name)]
    return Complaint(
        feedback_type=fields.first("feedback-type").partition(";")[0].strip().lower()[:40] or "other",
        user_agent=fields.first("user-agent")[:200],
        recipients=tuple(dict.fromkeys(value for value in values if value))[:_MAX_RECIPIENTS],
        reported_domain=fields.first("reported-domain")[:255].lower(),
        source_ip=fields.first("source-ip")[:64],
        arrival=(fields.first("arrival-date") or fields.first("received-date"))[:100],
    )


def _microsofts(tree: MessageTree) -> Complaint | None:
    """The letter comes back as it was, enclosed or below the words, with one field more."""
    marked = [letter.first(_JMRP) for letter in _enclosed_heads(tree)]
    marked += _JMRP_AMONG_WORDS.findall(tree.human_text[:_SEARCHED])
    recipients = tuple(dict.fromkeys(address for value in marked if (address := typed_address(value))))
    return Complaint("abuse", recipients=recipients[:_MAX_RECIPIENTS]) if recipients else None


def _enclosed_heads(tree: MessageTree) -> list[Fields]:
    heads = [part.letter for part in tree.parts if part.letter is not None]
    heads += [
        read_head(part.text.lstrip().encode("utf-8", "replace"))[0]
        for part in tree.parts
        if part.type == "text/rfc822-headers"
    ]
    return [head for head in heads if _JMRP in head]
