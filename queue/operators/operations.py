"""What an operator does to waiting mail: hold, release, cancel, flush.

Owns   these verbs as guarded transitions with journal rows that say who asked, a page of recipients at a time.
Knows  nothing of command lines or pages of the web. Works with the server's connection, or offline with the owner's
       lock; queue.operators.operating goes through the pages, each in an operation of its own.

A leased recipient is being attempted this moment: hold and cancel are kept as wishes until that has ended.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from .. import wishes
from ..journal import Facts, JournalKind, encode_facts
from ..states import Event, RecipientState
from ..storage.rows import OperatedRow
from ..storage.store import QueueStore
from ..storage.walks import START, Cursor
from .selections import Selection, recipient_sql

__all__ = ["FLUSH", "Operated", "PageDone", "Selection", "Verb", "flush", "operate", "page", "states_of"]

FLUSH = "flush"
selection_sql = recipient_sql


class Operated(msgspec.Struct, frozen=True):
    changed: int
    busy: int  # leased this moment: done when that ends without a delivery
    rests: int = 0  # sites and domains whose rest was ended
    look_ups: int = 0  # failed ones that were forgotten
    operation: int = 0  # its number, for undo
    suspensions: tuple[int, ...] = ()  # that it made or ended
    refused: str = ""  # why nothing was done: a key of queue.operators.undoing or queue.pace.suspending


class Verb(msgspec.Struct, frozen=True):
    """One verb as it is carried out: for every page the same."""

    name: str  # hold, release, cancel, flush
    selection: Selection
    reason: str
    who: str
    now_ms: int
    operation: int = 0


class PageDone(msgspec.Struct, frozen=True):
    """What one page did; `cursor` None: it was the last."""

    changed: int
    cursor: Cursor | None
    busy: tuple[int, ...] = ()  # recipients for whom a wish is kept
    domains: frozenset[str] = frozenset()


_STEPS: Mapping[tuple[str, RecipientState], tuple[Event, JournalKind]] = MappingProxyType(
    {
        ("hold", RecipientState.SCHEDULED): (Event.HOLD, JournalKind.HELD),
        ("release", RecipientState.HELD): (Event.RELEASE, JournalKind.RELEASED),
        ("cancel", RecipientState.SCHEDULED): (Event.CANCEL, JournalKind.CANCELLED),
        ("cancel", RecipientState.HELD): (Event.CANCEL, JournalKind.CANCELLED),
    }
)


def states_of(verb: str) -> Sequence[RecipientState]:
    """The states whose recipients the verb walks, in this order; leased ones last: meanwhile others may be leased."""
    if verb == FLUSH:
        return (RecipientState.SCHEDULED,)
    return (*(state for name, state in _STEPS if name == verb), RecipientState.LEASED)


def page(store: QueueStore, verb: Verb, state: RecipientState, cursor: Cursor = START) -> PageDone:
    """The next page of the verb, within the caller's operation. May run twice: changes nothing but the database."""
    due_after = verb.now_ms if verb.name == FLUSH else -1
    found = store.operated.page(verb.selection, state, cursor, due_after=due_after)
    if state is RecipientState.LEASED:
        return _wish(store, verb, found.rows, found.cursor)
    changed = _flush(store, verb, found.rows) if verb.name == FLUSH else change(store, verb, state, found.rows)
    return PageDone(changed, found.cursor, domains=found.domains)


def change(store: QueueStore, verb: Verb, state: RecipientState, rows: Sequence[OperatedRow]) -> int:
    """Recipients that were read in this operation, to the state that the verb brings them to; how many."""
    event, kind = _STEPS[verb.name, state]
    facts = Facts(reason=verb.reason, who=verb.who, operation=verb.operation)
    next_ms = {row.id: _next_ms(event, row, verb.now_ms) for row in rows}
    store.operated.move_all(state, event, rows, next_ms, (verb.now_ms, kind, encode_facts(facts)))
    if event is Event.RELEASE:
        for row in rows:
            store.meet_released(row.id, verb.now_ms)
    return len(rows)


def _next_ms(event: Event, row: OperatedRow, now_ms: int) -> int | None:
    return {Event.HOLD: row.expires_ms, Event.RELEASE: now_ms}.get(event)


def _flush(store: QueueStore, verb: Verb, rows: Sequence[OperatedRow]) -> int:
    """Due now; attempts keep their count."""
    waiting = [row for row in rows if (row.next_ms or 0) > verb.now_ms]
    facts = Facts(who=verb.who, operation=verb.operation)
    store.operated.reschedule_all(waiting, verb.now_ms, (verb.now_ms, JournalKind.FLUSHED, encode_facts(facts)))
    return len(waiting)


def _wish(store: QueueStore, verb: Verb, rows: Sequence[OperatedRow], cursor: Cursor | None) -> PageDone:
    if verb.name == "release":
        return PageDone(wishes.withdraw(store, rows), cursor)
    wishes.keep(store, rows, verb.name, verb.reason, verb.who, verb.operation)
    return PageDone(0, cursor, tuple(row.id for row in rows))


# -- whole, within one operation: for few recipients ------------------------------------------------------------------


def operate(store: QueueStore, verb: str, selection: Selection, reason: str, who: str, now_ms: int) -> Operated:
    """Apply hold, release or cancel within the caller's operation: for whoever knows that few are meant."""
    return _whole(store, Verb(verb, selection, reason, who, now_ms))


def flush(store: QueueStore, selection: Selection, who: str, now_ms: int) -> Operated:
    """Everything scheduled is due now, within the caller's operation."""
    return _whole(store, Verb(FLUSH, selection, "", who, now_ms))


def _whole(store: QueueStore, verb: Verb) -> Operated:
    changed, busy = 0, 0
    for state in states_of(verb.name):
        cursor: Cursor | None = START
        while cursor is not None:
            done = page(store, verb, state, cursor)
            changed, busy, cursor = changed + done.changed, busy + len(done.busy), done.cursor
    return Operated(changed, busy)
