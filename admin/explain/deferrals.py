"""Why a receiver put a letter off, by the kind of its reply, in the language of the process.

Owns   a sentence for every kind of deferral (policy.bounces.categories), and for one that has none.
Knows  no layout. The receiver's own words are never said here: they are quoted beneath (attempts.reply_words).
"""

from ...mta.outcome import Scope, Stage
from ...policy.bounces import categories
from ...queue.journal import Facts, JournalRow
from ..texts import _

_BEFORE_MAIL = frozenset({Stage.CONNECT, Stage.GREETING, Stage.EHLO, Stage.TLS})


def deferred_sentence(last: JournalRow | None) -> str:
    """What the last attempt came to."""
    if last is None or not (last.facts.code or last.facts.ambiguous):
        return _("the last attempt did not come through; it is tried again")
    host = last.facts.host or _("the receiver")
    return (_by_kind(last.facts) or _by_stage(last.facts)).format(host=host)


def _by_kind(facts: Facts) -> str:
    """ "" for a kind that is not ours: an operator's hook may give any."""
    match facts.category:
        case categories.GREYLISTED:
            return _("{host} lets new senders wait (greylisting), which is normal")
        case categories.MAILBOX_FULL:
            return _("the mailbox is full, says {host}")
        case categories.INACTIVE:
            return _("the mailbox takes nothing at present, says {host}")
        case categories.RATE:
            return _rate(facts)
        case categories.TOO_MANY_RECIPIENTS:
            return _("{host} takes fewer recipients at a time")
        case categories.DEMANDS_TLS:
            return _("{host} demands encryption (TLS) and offers none that works")
        case _:
            return _about_us(facts.category)


def _rate(facts: Facts) -> str:
    if facts.scope == Scope.RECIPIENT:
        return _("{host} limits how much mail this mailbox gets at a time")
    return _("{host} limits how fast this system may send")


def _about_us(kind: str) -> str:
    match kind:
        case categories.OUR_IP:
            return _("{host} objects to this system's network address, not to the letter")
        case categories.SENDER_SETUP:
            return _("{host} could not confirm that the letter comes from its sender's domain (SPF, DKIM, DMARC)")
        case categories.SENDER_QUOTA:
            return _("{host} takes no more letters of this sender today")
        case categories.CONTENT:
            return _("{host} objects to the content, and may take it later")
        case _:
            return ""


def _by_stage(facts: Facts) -> str:
    if facts.ambiguous:
        return _("the connection to {host} broke after the letter was sent and before the answer")
    if facts.stage in _BEFORE_MAIL:
        return _("{host} does not let us begin now")
    return _("{host} takes it later, not now")
