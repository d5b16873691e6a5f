"""What came back about a letter after a receiver took it, in the language of the process.

Owns   a sentence for every kind of CAME_BACK.
Knows  no layout, and no notice itself: `youtong queue inbound` shows those.
"""

from msgspec.structs import replace

from ...mta.reports.report import ReportSort
from ...queue.journal import Facts, JournalKind, JournalRow
from ..texts import _
from .deferrals import failure_words
from .explanation import TAKEN, Explanation
from .receivers import is_filter, phrase, receiver_name


def late_sentence(explanation: Explanation) -> str:
    """Of an Explanation that has `late`."""
    row = explanation.late
    assert row is not None
    domain = explanation.letter.recipient.domain
    taker = receiver_name(explanation.ending.facts if explanation.ending is not None else row.facts, domain)
    match row.kind:
        case JournalKind.LATE_BOUNCE:
            return _bounced(explanation)
        case JournalKind.COMPLAINT:
            return phrase(_("it arrived at {who}, and the recipient reported it as spam"), taker)
        case JournalKind.AUTO_REPLY:
            return phrase(_("{who} accepted it, and {answer}"), taker, answer=answer_words(row.facts.reason))
        case JournalKind.HEARD_DELAY:
            return phrase(
                _("{who} accepted it, and a notice says that it is delayed there and still being tried"), taker
            )
        case _:
            return phrase(_("{who} accepted it, and a notice confirms that it arrived"), taker)


def came_back_words(explanation: Explanation) -> str | None:
    """In place of "delivered", of what was taken and came back, or was complained about; None of all else."""
    if explanation.late is None or explanation.letter.recipient.state not in TAKEN:
        return None
    match explanation.late.kind:
        case JournalKind.LATE_BOUNCE:
            return _("bounced")
        case JournalKind.COMPLAINT:
            return _("complained about")
        case _:
            return None


def answer_words(sort: str) -> str:
    """Which kind of machine answered."""
    match sort:
        case ReportSort.MOVED:
            return _("an automatic reply said that the person has another address now")
        case ReportSort.CHALLENGE:
            return _("an automatic reply asks the sender to confirm that a person wrote it")
        case _:
            return _("there was an automatic reply, such as an absence notice")


def _bounced(explanation: Explanation) -> str:
    row, ending = explanation.late, explanation.ending
    assert row is not None
    domain = explanation.letter.recipient.domain
    if row.facts.recipient:
        what = failure_words(row, explanation.meant, row.facts.recipient.rpartition("@")[2])
        sentence = _("the recipient's mailbox forwarded it to {address}, and that failed: {what}")
        return sentence.format(address=row.facts.recipient, what=what)
    taken = ending.facts if ending is not None else row.facts
    taker = receiver_name(taken, domain)
    what = failure_words(_as_of(row, taken), explanation.meant, domain)
    return phrase(_("{who} accepted it first, and returned it later: {what}"), taker, what=what)


def _as_of(row: JournalRow, taken: Facts) -> JournalRow:
    """A host within a provider's house has names that no rule knows; behind a filter are the hosts of others."""
    if not taken.provider or is_filter(taken.provider):
        return row
    return replace(row, facts=replace(row.facts, provider=taken.provider))
