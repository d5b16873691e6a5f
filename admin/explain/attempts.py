"""What was said in attempts, and what else happened, in the language of the process.

Owns   the words for a row of the journal, and for a signature. A receiver's words are quoted as they came.
Knows  no layout (screen).
"""

from typing import assert_never

from ...mta.message.notice import Action
from ...mta.reply import reply_line
from ...queue.journal import CAME_BACK, JournalKind, JournalRow
from .. import times
from ..texts import _
from .facts import Signature, Unsigned
from .sentences import reason_words


def reply_words(row: JournalRow) -> str:
    """The peer's own words with their codes; ours when it said nothing."""
    facts = row.facts
    return reply_line(facts.code, facts.enhanced, facts.text)


def host_words(row: JournalRow) -> str:
    """Who said so, whether privately, and in which attempt; our own words name the host themselves."""
    facts = row.facts
    host = facts.host + (f" [{facts.address}]" if facts.address else "") if facts.host not in facts.text else ""
    attempt = _("attempt {n}").format(n=facts.attempt) if facts.attempt else ""
    tls = (facts.tls or _("without TLS")) if facts.address and facts.code else ""
    return _(", ").join(part for part in (host, tls, attempt) if part)


def place_words(row: JournalRow, now_ms: int) -> str:
    """The same, and when."""
    return _(", ").join(part for part in (host_words(row), times.exact(row.at_ms, now_ms)) if part)


def signature_words(signature: Signature) -> str:
    if signature.unsigned is None:
        selectors = ", ".join(signature.selectors)
        return _("will be signed with DKIM of {domain} ({selectors})").format(
            domain=signature.domain, selectors=selectors
        )
    match signature.unsigned:
        case Unsigned.NO_KEY:
            sentence = _("unsigned: {domain} has no DKIM key; make one with: youtong dkim keygen {domain}")
            return sentence.format(domain=signature.domain)
        case Unsigned.NO_AUTHOR:
            return _("unsigned: its From names no domain that could sign")
        case Unsigned.KEYS_UNREADABLE:
            return _("not known: {detail}").format(detail=signature.detail)
        case Unsigned.CONTENT_GONE:
            return _("not known: the message's text is no longer stored")
        case _:
            assert_never(signature.unsigned)


def event_words(row: JournalRow, now_ms: int) -> str:
    """One fact of a recipient's history, in a few words."""
    facts = row.facts
    match row.kind:
        case JournalKind.ACCEPTED:
            return _("accepted")
        case JournalKind.DELIVERED:
            return _("delivered")
        case JournalKind.DEFERRED:
            if not facts.next_ms or facts.next_ms <= row.at_ms:
                return _("deferred")
            return _("deferred until {time}").format(time=times.exact(facts.next_ms, now_ms))
        case JournalKind.BOUNCED:
            return _("failed")
        case JournalKind.EXPIRED:
            return _("expired")
        case JournalKind.RETURNED:
            return _("not attempted after all")
        case JournalKind.UNCONFIRMED:
            return _("maybe delivered")
        case JournalKind.NOTICE:
            return _notice_words(facts.notice_action)
        case kind if kind in CAME_BACK:
            return _came_back(kind)
        case _:
            return _operated_words(row)


def _came_back(kind: JournalKind) -> str:
    match kind:
        case JournalKind.COMPLAINT:
            return _("a reader complained")
        case JournalKind.AUTO_REPLY:
            return _("answered by a machine")
        case JournalKind.HEARD_DELAY:
            return _("a notice says it is delayed")
        case JournalKind.HEARD_SUCCESS:
            return _("a notice says it arrived")
        case JournalKind.STREAM_COMPLAINT:
            return _("an unnamed reader complained about the stream")
        case _:
            return _("a late notice says it failed")


def _operated_words(row: JournalRow) -> str:
    facts = row.facts
    words = _operation(row.kind)
    if facts.who:
        words = _("{what} by {who}").format(what=words, who=facts.who)
    return _("{what}: {words}").format(what=words, words=reason_words(facts.reason)) if facts.reason else words


def _operation(kind: JournalKind) -> str:
    match kind:
        case JournalKind.HELD:
            return _("held")
        case JournalKind.RELEASED:
            return _("released")
        case JournalKind.CANCELLED:
            return _("cancelled")
        case JournalKind.SKIPPED:
            return _("skipped")
        case _:
            return _("made due at once")


def _notice_words(action: str) -> str:
    match action:
        case Action.DELAYED:
            return _("notice of the delay queued")
        case Action.RELAYED:
            return _("notice that it was handed on queued")
        case _:
            return _("failure notice queued")
