"""Recipients in a listing: those of one letter that share a fate in one line, each line with its reason to wait.

Owns   what shares a fate, and the few words under a line. The reasons are those of `youtong explain` (reasons).
Knows  no columns (admin.cli.queue_output). The owner is asked once for a whole listing.
"""

from collections.abc import Callable, Hashable, Sequence

import msgspec

from ...mta.clock import Clock
from ...queue.journal import Facts, JournalRow
from ...queue.reading import QueueReader, RecipientRow, Wanted
from ...queue.states import RecipientState
from ..config import Config
from . import attempts, gathering, sentences
from .explanation import Wait, Why
from .facts import Surroundings
from .reasons import ANSWERED, newest, why_waits

LOOKED_AT = (500, 2000)  # recipients that a grouped listing reads, step by step, until it has its lines
_LAST_FACTS = 5  # far enough back to find the last reply behind an operator's commands


class Line(msgspec.Struct, frozen=True):
    """`recipients` of one letter; `first` is told, the others share its fate."""

    first: RecipientRow
    last: JournalRow | None  # what was last said to it; of a held one, why it is
    recipients: int = 1
    wait: Wait | None = None  # None: it has ended
    is_counted: bool = True  # there are no more that share its fate


class Listing(msgspec.Struct, frozen=True):
    lines: list[Line]
    around: Surroundings


def each(reader: QueueReader, rows: Sequence[RecipientRow]) -> list[Line]:
    """A line for every recipient."""
    return [Line(row, _last(reader, row)) for row in rows]


def grouped(reader: QueueReader, wanted: Wanted, limit: int) -> list[Line]:
    """At most `limit` lines. When not all recipients were looked at, the count of the last line is a part of it."""
    lines: list[Line] = []
    for most in (limit, *(more for more in LOOKED_AT if more > limit)):
        rows = reader.listed(wanted, most)
        lines = _grouped(reader, rows)
        if len(rows) < most or len(lines) >= limit:
            return lines[:limit]
    return [*lines[:-1], msgspec.structs.replace(lines[-1], is_counted=False)]


def explained(config: Config, lines: Sequence[Line], clock: Clock) -> Listing:
    """The same with the reasons why they wait at this moment."""
    around = gathering.surroundings(config, [line.first for line in lines], clock)
    return Listing([msgspec.structs.replace(line, wait=_wait(line, around)) for line in lines], around)


def words(line: Line, now_ms: int) -> str:
    """Why it waits, or what was last said to it; "" when neither is known."""
    if line.wait is not None and line.wait.why in _TOLD:
        return sentences.why_sentence(line.wait, None, now_ms)
    if line.last is None:
        return ""
    if line.first.state is RecipientState.HELD:
        return sentences.hold_words(line.last.facts)
    return attempts.reply_words(line.last)


_TOLD = frozenset(
    {
        Why.SITE_RESTS, Why.PROBING, Why.LOOK_UP_FAILS, Why.LOOKING_UP, Why.NO_ROUTE, Why.NO_SLOT, Why.RATE,
        Why.NO_WORKER, Why.DELIVERY_OFF, Why.SUSPENDED_BY_REPLY, Why.SUSPENDED, Why.STREAM_PAUSED, Why.CONNECT_RATE,
        Why.MOVING, Why.TLS_REQUIRED, Why.REDIRECT,
    }
)  # fmt: skip
"""Reasons that say more than the last reply does: that one is older."""


def _wait(line: Line, around: Surroundings) -> Wait | None:
    if line.first.state.is_terminal:
        return None
    return why_waits(line.first, (line.last,) if line.last is not None else (), around)


def _grouped(reader: QueueReader, rows: Sequence[RecipientRow]) -> list[Line]:
    groups: dict[Hashable, Line] = {}
    for row in rows:
        key, last = _fate(row, lambda row=row: _last(reader, row))
        known = groups.get(key)
        if known is None:
            groups[key] = Line(row, last or _last(reader, row))
        else:
            groups[key] = msgspec.structs.replace(known, recipients=known.recipients + 1)
    return list(groups.values())


def _fate(row: RecipientRow, last: Callable[[], JournalRow | None]) -> tuple[Hashable, JournalRow | None]:
    """What recipients of one line have in common; the last fact is read where it matters."""
    match row.state:
        case RecipientState.HELD:
            return (row.message_id, row.state), None
        case RecipientState.LEASED:
            return (row.message_id, row.state, row.domain_id), None
        case _:
            fact = last() if row.journal_seq else None
            facts = fact.facts if fact is not None else Facts()
            said = (facts.code, facts.enhanced, facts.category)
            return (row.message_id, row.state, row.domain_id, row.attempts, *said), fact


def _last(reader: QueueReader, row: RecipientRow) -> JournalRow | None:
    if row.state is RecipientState.HELD:
        return reader.held_fact(row)
    return newest(reader.history(row, 1), ANSWERED) or newest(reader.history(row, _LAST_FACTS), ANSWERED)
