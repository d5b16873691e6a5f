"""Counting fates: what a page of the journal changes in the counters of reports.

Owns   which row counts for which fate, and the statement on fate_counter.
Knows  neither how rows are read (admin.follower) nor rules: whether a refusal is hard is asked.

Invariants
    Each recipient counts once: its one ending gives it a fate, and each later change takes it from the fate that it
    had. So, whatever came in between, the sum over all fates is the number of recipients that have ended.
"""

import datetime
from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from ...policy.bounces.meaning import BounceKind
from ...queue.journal import Facts, JournalKind
from ...queue.returns.fates import FATE_OF_ENDING, Fate
from ..store.database import Transaction

_DAY_MS = 86_400_000

Key = tuple[int, int, int, str]
"""account, stream, day since the epoch, fate."""


class Counted(msgspec.Struct, frozen=True):
    """A journal row, as far as it counts. Facts are those of bounces and of what came back; else empty."""

    at_ms: int
    kind: JournalKind
    account_id: int
    stream_id: int
    facts: Facts


def changes(rows: Iterable[Counted], kind_of: Callable[[Facts], BounceKind]) -> Counter[Key]:
    """How much each counter changes. `kind_of`: what a refusal in the dialogue was."""
    found: Counter[Key] = Counter()
    for row in rows:
        if row.kind in FATE_OF_ENDING:
            fate = FATE_OF_ENDING[row.kind] or _refused(kind_of(row.facts))
            found[row.account_id, row.stream_id, row.at_ms // _DAY_MS, fate] += 1
        elif row.facts.fate:
            day = row.facts.ended_ms // _DAY_MS
            found[row.account_id, row.stream_id, day, row.facts.fate_before] -= 1
            found[row.account_id, row.stream_id, day, row.facts.fate] += 1
    return found


async def count(transaction: Transaction, changed: Counter[Key]) -> None:
    for (account_id, stream_id, day, fate), number in changed.items():
        if number:
            await transaction.run(
                "INSERT INTO fate_counter (account_id, stream_id, day, fate, count) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET count = count + excluded.count",
                account_id,
                stream_id,
                iso_day(day),
                fate,
                number,
            )


def iso_day(day: int) -> str:
    """Days are counted from the epoch, in UTC."""
    return datetime.datetime.fromtimestamp(day * _DAY_MS / 1000, datetime.UTC).date().isoformat()


def _refused(kind: BounceKind) -> Fate:
    return Fate.HARD if kind is BounceKind.HARD else Fate.SOFT
