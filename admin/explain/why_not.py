"""One sentence about one letter to one recipient: who does what, what comes next, and what to do.

Owns   how the clauses are put together; each is a whole clause in its language (sentences, endings, advice).
Knows  no layout. What was said word for word stands beneath (attempts, dialogues).
"""

from ...policy.suppression import REACH, read_skip_reason
from ...queue.classes import MailClass
from ...queue.journal import JournalKind
from ...queue.states import RecipientState
from ..texts import _
from .advice import deed_sentence
from .endings import ending_sentence
from .explanation import Explanation
from .sentences import next_sentence, why_sentence

_FAILED = frozenset({RecipientState.BOUNCED, RecipientState.EXPIRED})
_BAD_NEWS = frozenset({JournalKind.LATE_BOUNCE, JournalKind.COMPLAINT})


def sentence(explanation: Explanation, now_ms: int) -> str:
    """What there is to say, in the language of the process."""
    parts = (_what(explanation, now_ms), *_next(explanation, now_ms), _deed(explanation))
    return _("; ").join(part for part in parts if part)


def _what(explanation: Explanation, now_ms: int) -> str:
    if explanation.wait is None:
        return ending_sentence(explanation)
    domain = explanation.letter.recipient.domain
    return why_sentence(explanation.wait, explanation.last, now_ms, explanation.meant, domain)


def _next(explanation: Explanation, now_ms: int) -> tuple[str, ...]:
    """What comes next for the letter, and for mail to the address."""
    if (wait := explanation.wait) is not None:
        return (next_sentence(explanation.coming, explanation.letter.queue_id, now_ms, wait.suspension),)
    late = explanation.late.kind if explanation.late is not None else None
    if explanation.letter.recipient.state is RecipientState.SKIPPED:
        return (_lifted(explanation),)
    if explanation.letter.recipient.state in _FAILED or late is JournalKind.LATE_BOUNCE:
        return _("it will not be retried"), _stops(explanation)
    return (_stops(explanation),) if late in _BAD_NEWS else ()


def _stops(explanation: Explanation) -> str:
    """What is not sent to the address at this moment; "" when nothing stands in the way, or nobody looked."""
    classes = {each for entry in explanation.stopped_by or () for each in REACH[entry.reason]}
    if MailClass.PEOPLE in classes:
        return _("from now on nothing is sent to this address")
    if MailClass.TRANSACTIONAL in classes:
        return _("from now on this address gets no bulk or transactional mail")
    return _("from now on this address gets no bulk mail") if classes else ""


def _lifted(explanation: Explanation) -> str:
    """Whether what stopped it has gone since."""
    skipped = read_skip_reason(explanation.ending.facts.reason) if explanation.ending is not None else None
    if skipped is None or explanation.stopped_by is None:
        return ""
    return "" if explanation.stopped_by else _("that suppression has been lifted since")


def _deed(explanation: Explanation) -> str:
    if explanation.advice is None:
        return ""
    return deed_sentence(explanation.advice, has_ended=explanation.wait is None)
