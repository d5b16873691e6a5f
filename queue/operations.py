"""What an operator does to waiting mail: hold, release, cancel, flush.

Owns   these verbs as guarded transitions with journal rows that say who asked.
Knows  nothing of command lines or pages. Works with the server's connection, or offline with the owner's lock.

A leased recipient is being attempted this moment: hold and cancel are kept as wishes until that has ended.
"""

from collections.abc import Iterable

import msgspec

from . import wishes
from .ids import address_hash
from .journal import Facts, JournalKind
from .states import Event, RecipientState
from .storage.rows import Fact, OperatedRow
from .storage.store import QueueStore


class Selection(msgspec.Struct, frozen=True):
    """Which waiting recipients are meant: all criteria given must hold; none given = everything waiting."""

    message_id: int = 0
    address: str = ""
    domain: str = ""
    account_id: int = 0


class Operated(msgspec.Struct, frozen=True):
    changed: int
    busy: int  # leased this moment: done when that ends without a delivery
    rests: int = 0  # sites and domains whose rest was ended
    look_ups: int = 0  # failed ones that were forgotten


_VERBS: dict[str, tuple[RecipientState, Event, JournalKind]] = {
    "hold": (RecipientState.SCHEDULED, Event.HOLD, JournalKind.HELD),
    "release": (RecipientState.HELD, Event.RELEASE, JournalKind.RELEASED),
    "cancel": (RecipientState.SCHEDULED, Event.CANCEL, JournalKind.CANCELLED),
    "cancel-held": (RecipientState.HELD, Event.CANCEL, JournalKind.CANCELLED),
}


def operate(store: QueueStore, verb: str, selection: Selection, reason: str, who: str, now_ms: int) -> Operated:
    """Apply hold, release or cancel within the caller's operation."""
    steps = [_VERBS["cancel"], _VERBS["cancel-held"]] if verb == "cancel" else [_VERBS[verb]]
    changed = 0
    for old, event, kind in steps:
        rows = store.select(selection_sql(selection), old)
        changed += _apply(store, rows, old, event, kind, Facts(reason=reason, who=who), now_ms)
    leased = store.select(selection_sql(selection), RecipientState.LEASED)
    if verb == "release":
        return Operated(changed + wishes.withdraw(store, leased), 0)
    return Operated(changed, wishes.keep(store, leased, verb, reason, who))


def flush(store: QueueStore, selection: Selection, who: str, now_ms: int) -> Operated:
    """Everything scheduled is due now; attempts keep their count."""
    changed = 0
    for row in store.select(selection_sql(selection), RecipientState.SCHEDULED):
        if (row.next_ms or 0) > now_ms and store.reschedule(row.id, now_ms):
            store.note_due(row.domain_id, now_ms)
            store.note(Fact(now_ms, JournalKind.FLUSHED, row.account_id, row.message_id, row.id, Facts(who=who)))
            changed += 1
    return Operated(changed, 0)


def domains_of(store: QueueStore, selection: Selection) -> frozenset[str] | None:
    """The domains of waiting recipients that are selected; None: everything is."""
    if selection == Selection():
        return None
    return frozenset(store.domains_of(selection_sql(selection), RecipientState.SCHEDULED))


def selection_sql(selection: Selection) -> tuple[str, list[object]]:
    """A WHERE fragment over recipient r, message m, domain d, and its parameters."""
    parts: list[str] = []
    values: list[object] = []
    for column, value in (
        ("r.message_id", selection.message_id),
        ("m.account_id", selection.account_id),
        ("d.name", selection.domain),
    ):
        if value:
            parts.append(f"{column} = ?")
            values.append(value)
    if selection.address:
        parts.append("r.address_hash = ? AND lower(r.address) = lower(?)")  # the hash has an index
        values += [address_hash(selection.address), selection.address]
    return " AND ".join(parts) or "1", values


def _apply(
    store: QueueStore,
    rows: Iterable[OperatedRow],
    old: RecipientState,
    event: Event,
    kind: JournalKind,
    facts: Facts,
    now_ms: int,
) -> int:
    changed = 0
    for row in rows:
        next_ms = {Event.HOLD: row.expires_ms, Event.RELEASE: now_ms}.get(event)
        fact = Fact(now_ms, kind, row.account_id, row.message_id, row.id, facts)
        if store.move(old, event, fact, next_ms=next_ms):
            changed += 1
            if event is Event.RELEASE:
                store.note_due(row.domain_id, now_ms)
                store.meet_released(row.id, now_ms)
    return changed
