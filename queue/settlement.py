"""Settlement: what an outcome means for a leased recipient.

Owns   the decision (pure) and its record: transition, journal row, and whether a notice is owed (queue.owed).
Knows  nothing of workers or permits; the retry schedule is a port.

Invariants
    Q3  a maybe-sent message is repeated for people and transactional mail, and becomes unconfirmed for bulk.
    Q5  no answer from a site costs a recipient no attempt; it stays due, and its site rests.
"""

from typing import assert_never

import msgspec

from ..mta.outcome import Deferred, Delivered, Failed, Outcome, Scope
from .classes import MailClass
from .journal import AttemptPlace, Facts, JournalKind, attempt_facts, returned_facts
from .owed import may_hear_of_delay, owes_notice
from .retry import RetrySchedule
from .states import Event, RecipientState
from .storage.rows import LeasedRow
from .storage.store import QueueStore

TOO_MANY_RECIPIENTS = "too-many-recipients"


class Decision(msgspec.Struct, frozen=True):
    """What becomes of the recipient. `next_ms` is given exactly for DEFER and RETURN."""

    event: Event
    kind: JournalKind
    counts: bool
    next_ms: int | None = None


def decide(outcome: Outcome, row: LeasedRow, now_ms: int, schedule: RetrySchedule) -> Decision:
    """What follows from the outcome of an attempt."""
    match outcome:
        case Delivered():
            return Decision(Event.DELIVER, JournalKind.DELIVERED, counts=True)
        case Failed():
            return Decision(Event.BOUNCE, JournalKind.BOUNCED, counts=True)
        case Deferred():
            return _decide_deferred(outcome, row, now_ms, schedule)
        case _:
            assert_never(outcome)


def _decide_deferred(outcome: Deferred, row: LeasedRow, now_ms: int, schedule: RetrySchedule) -> Decision:
    mail_class = MailClass(row.mail_class)
    if outcome.ambiguous and mail_class is MailClass.BULK:
        return Decision(Event.DOUBT, JournalKind.UNCONFIRMED, counts=True)
    if outcome.scope is Scope.SITE or outcome.kind == TOO_MANY_RECIPIENTS:
        return Decision(Event.DEFER, JournalKind.DEFERRED, counts=False, next_ms=now_ms)
    next_ms = schedule.next_attempt_ms(now_ms, row.attempts + 1, mail_class, outcome)
    return Decision(Event.DEFER, JournalKind.DEFERRED, counts=True, next_ms=min(next_ms, row.expires_ms))


class Settled(msgspec.Struct, frozen=True):
    """What was recorded, for whoever has to act on it after the commit."""

    recipient_id: int
    message_id: int
    state: RecipientState
    next_ms: int | None
    owes_notice: bool


def settle(
    store: QueueStore, row: LeasedRow, outcome: Outcome, place: AttemptPlace, now_ms: int, schedule: RetrySchedule
) -> Settled:
    """Record an attempt's outcome and end the lease. Raises LeaseLost, having changed nothing."""
    decision = decide(outcome, row, now_ms, schedule)
    facts = attempt_facts(outcome, place, decision.next_ms or 0)
    return record(store, row, decision, facts, now_ms)


def give_back(
    store: QueueStore, row: LeasedRow, now_ms: int, *, place: AttemptPlace | None = None, after_ms: int = 0
) -> Settled:
    """The lease ends without an attempt: due again at once, or after a while; no attempt counted. Raises LeaseLost.

    A journal row is written only when a MAIL left us at `place` all the same: a new owner counts it (Q4).
    """
    next_ms = now_ms + after_ms
    if place is None or not place.mailed:
        state = store.end_lease(row, Event.RETURN, row.journal_seq, attempts=row.attempts, next_ms=next_ms, notice=0)
        return Settled(row.id, row.message_id, state, next_ms, owes_notice=False)
    decision = Decision(Event.RETURN, JournalKind.RETURNED, counts=False, next_ms=next_ms)
    return record(store, row, decision, returned_facts(place, next_ms), now_ms)


def skip(store: QueueStore, row: LeasedRow, reason: str, now_ms: int) -> Settled:
    """End it as skipped with the reason. Raises LeaseLost."""
    return record(store, row, Decision(Event.SKIP, JournalKind.SKIPPED, counts=False), Facts(reason=reason), now_ms)


def record(store: QueueStore, row: LeasedRow, decision: Decision, facts: Facts, now_ms: int) -> Settled:
    """Transition and journal row. Raises LeaseLost, having changed nothing."""
    notice = owes_notice(decision.event, row, next_hop_owes=facts.relayed)
    seq = store.counters.journal()
    attempts = row.attempts + decision.counts
    state = store.end_lease(row, decision.event, seq, attempts=attempts, next_ms=decision.next_ms, notice=int(notice))
    if decision.event is Event.DEFER and not row.attempts and may_hear_of_delay(row):
        store.watch_delay(row.message_id)
    store.journal(seq, now_ms, decision.kind, row.account_id, row.message_id, row.id, row.journal_seq, facts)
    return Settled(row.id, row.message_id, state, decision.next_ms, notice)
