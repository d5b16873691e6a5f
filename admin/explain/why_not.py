"""One sentence about one letter to one recipient: who does what, what comes next, and what to do.

Owns   how the clauses are put together; each is a whole clause in its language (sentences, endings, advice).
Knows  no layout. What was said word for word stands beneath (attempts, dialogues).
"""

from ...policy.bounces.categories import NO_SUCH_USER
from ...policy.bounces.meaning import Action, Meaning
from ...queue.journal import JournalKind
from ...queue.states import RecipientState
from ..texts import _
from .advice import deed_sentence
from .endings import ending_sentence
from .explanation import Explanation
from .sentences import next_sentence, why_sentence


def sentence(explanation: Explanation, now_ms: int) -> str:
    """What there is to say, in the language of the process."""
    parts = (_what(explanation, now_ms), _next(explanation, now_ms), _deed(explanation))
    return _("; ").join(part for part in parts if part)


def _what(explanation: Explanation, now_ms: int) -> str:
    if explanation.wait is None:
        return ending_sentence(explanation)
    domain = explanation.letter.recipient.domain
    return why_sentence(explanation.wait, explanation.last, now_ms, explanation.meant, domain)


def _next(explanation: Explanation, now_ms: int) -> str:
    if (wait := explanation.wait) is not None:
        return next_sentence(explanation.coming, explanation.letter.queue_id, now_ms, wait.suspension)
    if explanation.late is not None and explanation.late.kind is JournalKind.COMPLAINT:
        return _("no more bulk mail is sent to this address")
    if explanation.meant is None:
        return ""
    if _is_suppressed_by(explanation.meant.meaning) and not _is_of_another(explanation):
        return _("it is not tried again, and mail of programs and bulk mail to this address stop")
    return _("it is not tried again") if explanation.letter.recipient.state is RecipientState.BOUNCED else ""


def _is_suppressed_by(meaning: Meaning) -> bool:
    """At once; a missing domain only when a look-up a day later agrees (admin.suppression.following)."""
    return meaning.action is Action.SUPPRESS and meaning.category == NO_SUCH_USER


def _is_of_another(explanation: Explanation) -> bool:
    """It had been forwarded: whose mailbox is missing was not written to by us."""
    return explanation.late is not None and bool(explanation.late.facts.recipient)


def _deed(explanation: Explanation) -> str:
    return deed_sentence(explanation.advice) if explanation.advice is not None else ""
