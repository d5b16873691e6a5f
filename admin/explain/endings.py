"""How a letter ended, and what its sender can do, in the language of the process.

Owns   a sentence for every ending and Advice, and about notices.
Knows  no layout (screen).
"""

from typing import Literal, assert_never

from ...mta.message.notice import Action
from ...queue.journal import JournalRow
from ...queue.states import RecipientState
from .. import times
from ..texts import _, ngettext
from .explanation import Advice, Explanation, Notice
from .facts import Letter
from .own_kinds import own_kind_words
from .sentences import reason_text


def ending_sentence(explanation: Explanation) -> str:
    letter, row = explanation.letter, explanation.ending
    match letter.recipient.state:
        case RecipientState.DELIVERED:
            return _delivered(letter, row)
        case RecipientState.BOUNCED:
            return _bounced(row)
        case RecipientState.EXPIRED:
            return _expired(letter, row)
        case RecipientState.CANCELLED:
            return _cancelled(row)
        case RecipientState.SKIPPED:
            return _("it was not sent: {reason}").format(reason=_reason(row))
        case RecipientState.UNCONFIRMED:
            return _("the connection broke after it was sent and before the answer; letters of its kind go out once")
        case _:
            return ""


def _delivered(letter: Letter, row: JournalRow | None) -> str:
    if row is None:
        return _("the receiver took it")
    sentence = ngettext(
        "{host} took it, {span} after it was accepted, at the first attempt",
        "{host} took it, {span} after it was accepted, at attempt {n}",
        row.facts.attempt,
    )
    span = times.span(row.at_ms - letter.message.received_ms)
    return sentence.format(host=row.facts.host or _("the receiver"), span=span, n=row.facts.attempt)


def _bounced(row: JournalRow | None) -> str:
    if row is None:
        return _("it cannot be delivered")
    if row.facts.code:
        return _("it was refused for good")
    reason = own_kind_words(row.facts.category)
    return _("it cannot be delivered: {reason}").format(reason=reason) if reason else _("it cannot be delivered")


def _expired(letter: Letter, row: JournalRow | None) -> str:
    span = times.span((row.at_ms if row else letter.message.expires_ms) - letter.message.received_ms)
    if letter.has_own_deadline:
        return _("the time that its sender gave it was over: {span}").format(span=span)
    sentence = ngettext(
        "it grew too old: {span}, one attempt", "it grew too old: {span}, {n} attempts", letter.recipient.attempts
    )
    return sentence.format(span=span, n=letter.recipient.attempts)


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


def advice_sentence(advice: Advice) -> str:
    match advice:
        case Advice.CHECK_ADDRESS:
            return _("check the spelling of the address before the “@”, or ask the person for the right one")
        case Advice.CHECK_DOMAIN:
            return _("check the spelling of the domain after the “@”: it takes no mail as it is written")
        case Advice.OTHER_WAY:
            return _("tell the person by another way that the mailbox takes no mail, and send again later")
        case Advice.CHANGE_CONTENT:
            return _("change the text, its links or attachments: the receiver does not want them")
        case Advice.FIX_SENDER:
            return _("set up SPF, DKIM and DMARC of the sender's domain; see: youtong dkim show")
        case Advice.OUR_REPUTATION:
            return _("the postmaster of this system must act: the receiver refuses the system, not the letter")
        case Advice.SEND_AGAIN:
            return _("send it again later, if it still matters")
        case Advice.ASK_FIRST:
            return _("ask the receiver whether it came, before you send it again")
        case Advice.READ_WORDS:
            return _("the receiver's words say what it objects to; the same letter will be refused again")
        case _:
            return _advice_about_hosts(advice)


def _advice_about_hosts(
    advice: Literal[
        Advice.MAKE_SMALLER, Advice.ASCII_ADDRESS, Advice.NO_CONVERSION, Advice.OTHER_FAMILY, Advice.HOST_TLS
    ],
) -> str:
    """Where the receiving host and the letter, or the host and this system, do not fit together."""
    match advice:
        case Advice.MAKE_SMALLER:
            return _("make it smaller, or send a link instead of the attachment: the receiver takes none of this size")
        case Advice.ASCII_ADDRESS:
            return _("ask the person for an address in plain letters (ASCII): its mail host takes no others (SMTPUTF8)")
        case Advice.NO_CONVERSION:
            return _("send it as an attachment, or unsigned: the receiver's old mail host takes 7-bit text only, and a "
                     "signed letter must not be changed")  # fmt: skip
        case Advice.OTHER_FAMILY:
            return _("the postmaster of this system must give it an address of the other kind (IPv6 or IPv4): the "
                     "receiver has no other")  # fmt: skip
        case Advice.HOST_TLS:
            return _("the receiver's host demands encryption (TLS) and offers none that works: only its postmaster can "
                     "mend that")  # fmt: skip
        case _:
            assert_never(advice)
