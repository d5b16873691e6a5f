"""Settlement: what an outcome means for a leased recipient.

Owns   the decision (pure) and its record: transition, journal row, and whether a notice is owed (queue.notices.owed).
Knows  nothing of workers or permits; the retry schedule is a port.

Invariants
    Q3  a maybe-sent message is repeated for people and transactional mail, and becomes unconfirmed for bulk.
    Q5  no answer from a site costs a recipient no attempt; it stays due, and its site rests.
"""

from collections.abc import Sequence
from typing import assert_never

import msgspec
from msgspec.structs import replace

from ..mta.outcome import Deferred, Delivered, Failed, Outcome, Scope
from . import wishes
from .classes import MailClass
from .journal import AttemptPlace, Facts, JournalKind, attempt_facts, encode_facts, returned_facts
from .notices.owed import may_hear_of_delay, owes_notice
from .retry import RetrySchedule
from .states import Event, RecipientState, follow
from .storage.rows import Ending, JournalEntry, LeasedRow
from .storage.store import QueueStore

TOO_MANY_RECIPIENTS = "too-many-recipients"


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What becomes of the recipient. `next_ms` is given exactly for DEFER and RETURN."""

    event: Event
    kind: JournalKind
    counts: bool
    next_ms: int | None = None


_DELIVERED = Decision(Event.DELIVER, JournalKind.DELIVERED, counts=True)
_BOUNCED = Decision(Event.BOUNCE, JournalKind.BOUNCED, counts=True)


def decide(outcome: Outcome, row: LeasedRow, now_ms: int, schedule: RetrySchedule) -> Decision:
    """What follows from the outcome of an attempt."""
    match outcome:
        case Delivered():
            return _DELIVERED
        case Failed():
            return _BOUNCED
        case Deferred():
            return _decide_deferred(outcome, row, now_ms, schedule)
        case _:
            assert_never(outcome)


def _decide_deferred(outcome: Deferred, row: LeasedRow, now_ms: int, schedule: RetrySchedule) -> Decision:
    mail_class = MailClass(row.mail_class)
    if outcome.ambiguous and mail_class is MailClass.BULK:
        return Decision(Event.DOUBT, JournalKind.UNCONFIRMED, counts=True)
    if outcome.scope is Scope.SITE or outcome.category == TOO_MANY_RECIPIENTS:
        return Decision(Event.DEFER, JournalKind.DEFERRED, counts=False, next_ms=now_ms)
    next_ms = schedule.next_attempt_ms(now_ms, row.attempts + 1, mail_class, outcome)
    return Decision(Event.DEFER, JournalKind.DEFERRED, counts=True, next_ms=min(next_ms, row.expires_ms))


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A leased recipient, what becomes of it, and the facts of its journal row; None: no row."""

    row: LeasedRow
    decision: Decision
    facts: Facts | None


class Settled(msgspec.Struct, frozen=True, gc=False):
    """What was recorded, for whoever has to act on it after the commit."""

    recipient_id: int
    message_id: int
    next_ms: int | None
    owes_notice: bool


def settle(
    store: QueueStore, row: LeasedRow, outcome: Outcome, place: AttemptPlace, now_ms: int, schedule: RetrySchedule
) -> Settled:
    """Record an attempt's outcome and end the lease. Raises LeaseLost, having changed nothing."""
    return record(store, [settling(row, outcome, place, now_ms, schedule)], now_ms)[0]


def give_back(
    store: QueueStore, row: LeasedRow, now_ms: int, *, place: AttemptPlace | None = None, after_ms: int = 0
) -> Settled:
    """The lease ends without an attempt: due again at once, or after a while. Raises LeaseLost, as `settle`."""
    return record(store, [returning(row, now_ms + after_ms, place)], now_ms)[0]


def settling(row: LeasedRow, outcome: Outcome, place: AttemptPlace, now_ms: int, schedule: RetrySchedule) -> Entry:
    """What an attempt's outcome means."""
    decision = decide(outcome, row, now_ms, schedule)
    return Entry(row, decision, attempt_facts(outcome, place, decision.next_ms or 0))


def returning(row: LeasedRow, next_ms: int, place: AttemptPlace | None) -> Entry:
    """No attempt counted. A journal row says only that a MAIL left us at `place`: a new owner counts it (Q4)."""
    decision = Decision(Event.RETURN, JournalKind.RETURNED, counts=False, next_ms=next_ms)
    return Entry(row, decision, returned_facts(place, next_ms) if place is not None and place.mailed else None)


def skipping(row: LeasedRow, reason: str) -> Entry:
    """Its content cannot be made: it ends as skipped."""
    return Entry(row, Decision(Event.SKIP, JournalKind.SKIPPED, counts=False), Facts(reason=reason))


def record(store: QueueStore, entries: Sequence[Entry], now_ms: int) -> list[Settled]:
    """Transitions and journal rows, in few statements. Raises LeaseLost: if there was more than one, undo them all."""
    endings: list[Ending] = []
    facts: list[JournalEntry] = []
    for entry in entries:
        row, decision = entry.row, entry.decision
        seq = row.journal_seq
        if entry.facts is not None:
            seq = store.counters.journal()
            facts.append(
                (seq, now_ms, decision.kind.value, row.account_id, row.message_id, row.id, row.journal_seq,
                 encode_facts(entry.facts))
            )  # fmt: skip
        endings.append(_ending(entry, seq))
    store.end_leases(endings)
    store.journal_all(facts)
    settled = [_settled(store, entry, notice=ending[4]) for entry, ending in zip(entries, endings, strict=True)]
    if store.wishes.exist:
        stopped = wishes.fulfil(store, [entry.row for entry in entries], now_ms)
        settled = [replace(each, next_ms=None) if each.recipient_id in stopped else each for each in settled]
    return settled


def _ending(entry: Entry, seq: int) -> Ending:
    row, decision = entry.row, entry.decision
    relayed = entry.facts is not None and entry.facts.relayed
    notice = owes_notice(decision.event, row, next_hop_owes=relayed)
    state = follow(RecipientState.LEASED, decision.event).value
    return (state, decision.next_ms, row.attempts + decision.counts, seq, int(notice), row.id, row.lease)


def _settled(store: QueueStore, entry: Entry, *, notice: int) -> Settled:
    """With what else the store has to know."""
    row, decision, next_ms = entry.row, entry.decision, entry.decision.next_ms
    if next_ms is not None:
        store.backlog.scheduled(row.domain_id, row.flow_id, next_ms)
        if decision.event is Event.DEFER and not row.attempts and may_hear_of_delay(row):
            store.watch_delay(row.message_id)
    return Settled(row.id, row.message_id, next_ms, bool(notice))
