"""What an attempt that failed came to, in the language of the process.

Owns   what is said of a failure that no category names: by the stage that it came in.
Knows  no layout. The receiver's own words are never said here: they are quoted beneath (attempts.reply_words).
"""

from ...mta.outcome import Stage
from ...queue.journal import JournalKind, JournalRow
from ..texts import _
from .meanings import Meant, is_fault_of_ours
from .objections import OF_DOMAIN, blame_clause, objection
from .receivers import phrase, receiver_name

_BEFORE_ENVELOPE = frozenset({Stage.CONNECT, Stage.GREETING, Stage.EHLO, Stage.TLS})
_UNCONNECTED = frozenset({"", Stage.ROUTE, Stage.CONNECT})


def deferred_sentence(last: JournalRow | None, meant: Meant | None = None, domain: str = "") -> str:
    """Why the last attempt did not end the letter."""
    if last is None:
        return _("the last attempt failed; it is retried")
    return failure_words(last, meant, domain)


def failure_words(row: JournalRow, meant: Meant | None, domain: str = "") -> str:
    """Who did what. `meant` is what the rules say of this row, where they were asked."""
    facts, who = row.facts, receiver_name(row.facts, domain, meant.provider if meant is not None else "")
    category = facts.category or (meant.meaning.category if meant is not None else "")
    if facts.ambiguous:
        return phrase(_("the connection to {who} broke after the message was sent and before the answer"), who)
    if not (facts.category or facts.code) and row.kind is JournalKind.DEFERRED:
        return _unanswered(row, who)
    scope = facts.scope if row.kind is JournalKind.DEFERRED else ""
    if not (clause := objection(category, domain if domain and category in OF_DOMAIN else who, scope)):
        return _unknown(row, who)
    if meant is None or not meant.is_unusual or not (blame := blame_clause(meant.meaning.blame)):
        return clause
    return _("{what} ({blame})").format(what=clause, blame=blame)


def _unanswered(row: JournalRow, who: str) -> str:
    """Nobody said anything: the network, or this system."""
    facts = row.facts
    if is_fault_of_ours(row):
        return _("this system has an internal error")
    if facts.stage == Stage.TLS:
        return phrase(_("no encrypted connection to {who} could be made (encryption or certificate)"), who)
    if facts.stage in _UNCONNECTED:
        return phrase(_("{who} does not answer, or cannot be reached from here"), who)
    return phrase(_("the connection to {who} broke, or {who} stopped answering, before the message was sent"), who)


def _unknown(row: JournalRow, who: str) -> str:
    """Something was said that no rule knows."""
    if row.kind is not JournalKind.DEFERRED and not row.facts.code and not row.facts.bounce_kind:
        return _("it cannot be delivered")
    if row.kind is not JournalKind.DEFERRED:
        return phrase(_("{who} refused it, and this system cannot tell why"), who)
    if row.facts.stage in _BEFORE_ENVELOPE:
        return phrase(_("{who} accepts no connections from this system for now; this system cannot tell why"), who)
    return phrase(_("{who} does not accept it for now; this system cannot tell why"), who)
