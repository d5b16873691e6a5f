"""What an attempt that failed came to, in the language of the process.

Owns   what is said of a failure that no category names: by the stage that it came in.
Knows  no layout. The receiver's own words are never said here: they are quoted beneath (attempts.reply_words).
"""

from ...mta.outcome import Stage
from ...queue.journal import Facts, JournalKind, JournalRow
from ..texts import _
from .meanings import Meant
from .objections import blame_clause, objection
from .receivers import receiver_name

_BEFORE_MAIL = frozenset({Stage.CONNECT, Stage.GREETING, Stage.EHLO, Stage.TLS})


def deferred_sentence(last: JournalRow | None, meant: Meant | None = None, domain: str = "") -> str:
    """Why the last attempt did not end the letter."""
    if last is None:
        return _("the last attempt did not come through; it is tried again")
    return failure_words(last, meant, domain)


def failure_words(row: JournalRow, meant: Meant | None, domain: str = "") -> str:
    """Who did what. `meant` is what the rules say of this row, where they were asked."""
    facts, who = row.facts, receiver_name(row.facts, domain)
    category = facts.category or (meant.meaning.category if meant is not None else "")
    scope = facts.scope if row.kind is JournalKind.DEFERRED else ""
    if facts.ambiguous:
        return _("the connection to {who} broke after the letter was sent and before the answer").format(who=who)
    clause = objection(category, who, scope)
    if not clause:
        return _by_stage(row).format(who=who)
    if meant is None or not meant.is_unusual or not (blame := blame_clause(meant.meaning.blame)):
        return clause
    return _("{what} ({blame})").format(what=clause, blame=blame)


def _by_stage(row: JournalRow) -> str:
    facts: Facts = row.facts
    if row.kind is not JournalKind.DEFERRED:
        return _("{who} refused it, for a reason that this system does not know")
    if not facts.code:
        return _("{who} could not be reached")
    if facts.stage in _BEFORE_MAIL:
        return _("{who} does not let us begin now")
    return _("{who} takes it later, not now")
