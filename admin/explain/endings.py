"""How a letter ended, in the language of the process.

Owns   a sentence for every ending, for what came back afterwards, and about notices.
Knows  no layout (screen).
"""

from typing import assert_never

from ...mta.message.notice import Action
from ...queue.journal import JournalRow
from ...queue.states import RecipientState
from .. import times
from ..texts import _, ngettext
from .deferrals import failure_words
from .explanation import TAKEN, Explanation, Notice
from .facts import Letter
from .late_words import late_sentence
from .sentences import reason_text


def ending_sentence(explanation: Explanation) -> str:
    """How it ended; what came back later tells more than that it was taken."""
    if explanation.late is not None and explanation.letter.recipient.state in TAKEN:
        return late_sentence(explanation)
    letter, row = explanation.letter, explanation.ending
    match letter.recipient.state:
        case RecipientState.DELIVERED:
            return _delivered(letter, row)
        case RecipientState.BOUNCED:
            return _bounced(explanation)
        case RecipientState.EXPIRED:
            return _expired(explanation)
        case RecipientState.CANCELLED:
            return _cancelled(row)
        case RecipientState.SKIPPED:
            return _("it was not sent: {reason}").format(reason=_reason(row))
        case RecipientState.UNCONFIRMED:
            return _(
                "the connection broke after it was sent and before the answer; mail of its class is sent only once"
            )
        case _:
            return ""


def _delivered(letter: Letter, row: JournalRow | None) -> str:
    if row is None:
        return _("the receiver accepted it")
    sentence = ngettext(
        "{host} accepted it at the first attempt, {span} after submission",
        "{host} accepted it at attempt {n}, {span} after submission",
        row.facts.attempt,
    )
    span = times.span(row.at_ms - letter.message.received_ms)
    return sentence.format(host=row.facts.host or _("the receiver"), span=span, n=row.facts.attempt)


def _bounced(explanation: Explanation) -> str:
    row = explanation.ending
    if row is None:
        return _("it cannot be delivered")
    words = failure_words(row, explanation.meant, explanation.letter.recipient.domain)
    if row.facts.code:
        return words
    return _("it cannot be delivered: {reason}").format(reason=words) if row.facts.category else words


def _expired(explanation: Explanation) -> str:
    letter, row, last = explanation.letter, explanation.ending, explanation.last
    span = times.span((row.at_ms if row else letter.message.expires_ms) - letter.message.received_ms)
    if letter.has_own_deadline:
        ended = _("it could not be delivered within {span}, the time its sender set").format(span=span)
    else:
        sentence = ngettext(
            "it could not be delivered within {span}, in one attempt",
            "it could not be delivered within {span}, in {n} attempts",
            letter.recipient.attempts,
        )
        ended = sentence.format(span=span, n=letter.recipient.attempts)
    if last is None:
        return ended
    words = failure_words(last, explanation.meant, letter.recipient.domain)
    return _("{ended}; the last result: {words}").format(ended=ended, words=words)


def _cancelled(row: JournalRow | None) -> str:
    by = _("by {who}").format(who=row.facts.who if row is not None and row.facts.who else "?")
    return f"{by}: {row.facts.reason}" if row is not None and row.facts.reason else by


def _reason(row: JournalRow | None) -> str:
    return reason_text(row.facts.reason if row else "") or _("no reason is known")


def notice_sentence(notice: Notice, queue_id: str) -> str:
    """`queue_id` is the notice's own."""
    if not notice.is_queued:
        return _("a notice to {to} is about to be queued").format(to=notice.to)
    if not notice.message_id:
        return _("none: {to} is no usable address").format(to=notice.to)
    return _sent(notice.action).format(to=notice.to, queue_id=queue_id)


def _sent(action: Action) -> str:
    match action:
        case Action.FAILED:
            return _("sent to {to} as {queue_id}")
        case Action.DELAYED:
            return _("of the delay, sent to {to} as {queue_id}")
        case Action.RELAYED:
            return _("that it was handed on, sent to {to} as {queue_id}")
        case _:
            assert_never(action)
