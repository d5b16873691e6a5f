"""The book of suppressions: every statement that changes its rows in app.db, and those by which people look.

Owns   adding, lifting (with a row that says who did and why), pages for people, and the tree that an account is of.
Knows  no rule about who may lift what beyond asking policy.suppression. The caller's transaction is the frame, so an
       effect of the journal and the follower's cursor are one (Q9).

Invariants
    A tree has one entry for an address and reason: a repetition changes nothing but an expiry that comes later.
    Nothing leaves the book without a row in `suppression_lifted`; what may not be lifted stays (`Refused`).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ...policy.suppression import Lifter, Reason, may_lift
from ..store import Transaction
from .entry import COLUMNS, Entry, Lifted, entry_of

_INSERT = (
    "INSERT INTO suppression"
    " (account_id, address, is_pattern, reason, source, who, created_ms, expires_ms, evidence)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (address, account_id, reason, is_pattern) DO UPDATE SET expires_ms = excluded.expires_ms"
    " WHERE expires_ms < ifnull(excluded.expires_ms, 9223372036854775807)"
)
_LIFT = (
    f"INSERT OR REPLACE INTO suppression_lifted ({COLUMNS}, lifted_ms, lifted_how, lifted_by, why)"
    f" SELECT {COLUMNS}, ?, ?, ?, ? FROM suppression WHERE id = ?"
)
_LIFTED = f"SELECT {COLUMNS}, lifted_ms, lifted_how, lifted_by, why FROM suppression_lifted"


class Lifting(msgspec.Struct, frozen=True):
    """Who takes an entry away, when, and why."""

    how: Lifter
    at_ms: int
    by: str = ""
    why: str = ""


class Chosen(msgspec.Struct, frozen=True):
    """Which entries; everything when nothing is said."""

    account_id: int | None = None  # 0: the installation's own
    reason: Reason | None = None


async def tree_of(transaction: Transaction, account_id: int) -> int:
    """The master whose tree the account is in; an account that is gone, or no sub-account, is its own."""
    found = await transaction.row("SELECT parent_id FROM account WHERE id = ?", account_id)
    return found[0] if found and found[0] is not None else account_id


async def trees_of(transaction: Transaction, account_ids: Iterable[int]) -> dict[int, int]:
    """As `tree_of`, of some."""
    return {each: await tree_of(transaction, each) for each in account_ids}


# -- changing ---------------------------------------------------------------------------------------------------------


async def apply(transaction: Transaction, entry: Entry) -> bool:
    """Write it unless it is there; whether it is new."""
    before = await transaction.row("SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name = 'suppression'")
    number = await transaction.insert(_INSERT, *entry.values())
    return before is None or number > before[0]


async def apply_many(transaction: Transaction, entries: Sequence[Entry]) -> None:
    """As `apply`, for many: sorted, so that neighbours in the index are written together."""
    ordered = sorted(entries, key=lambda each: each.address)
    await transaction.run_many(_INSERT, [each.values() for each in ordered])


async def lift(transaction: Transaction, entry: Entry, lifting: Lifting) -> bool:
    """Take it away, if this lifter may; whether it went."""
    if not may_lift(lifting.how, entry.reason):
        return False
    await transaction.run(_LIFT, lifting.at_ms, lifting.how, lifting.by, lifting.why, entry.id)
    return bool(await transaction.run("DELETE FROM suppression WHERE id = ?", entry.id))


async def lift_expired(transaction: Transaction, now_ms: int, limit: int) -> int:
    """Those whose time is over; how many."""
    rows = await transaction.rows(
        f"SELECT {COLUMNS} FROM suppression WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ?", now_ms, limit
    )
    for row in rows:
        await lift(transaction, entry_of(row), Lifting(Lifter.EXPIRY, now_ms))
    return len(rows)


# -- looking ----------------------------------------------------------------------------------------------------------


async def numbered(transaction: Transaction, number: int) -> Entry | None:
    found = await transaction.row(f"SELECT {COLUMNS} FROM suppression WHERE id = ?", number)
    return entry_of(found) if found else None


async def of_address(transaction: Transaction, address: str, account_id: int | None = None) -> list[Entry]:
    """All entries of one address or pattern as it is written; of one tree, or of all."""
    rows = await transaction.rows(
        f"SELECT {COLUMNS} FROM suppression WHERE address = ? AND (? IS NULL OR account_id = ?) ORDER BY id",
        address,
        account_id,
        account_id,
    )
    return [entry_of(row) for row in rows]


async def patterns(transaction: Transaction) -> list[Entry]:
    rows = await transaction.rows(f"SELECT {COLUMNS} FROM suppression WHERE is_pattern = 1 ORDER BY id")
    return [entry_of(row) for row in rows]


async def count(transaction: Transaction, chosen: Chosen) -> int:
    found = await transaction.row(
        "SELECT sum(count) FROM suppression_count WHERE ifnull(account_id = ?, 1) AND ifnull(reason = ?, 1)",
        chosen.account_id,
        chosen.reason,
    )
    return (found[0] or 0) if found else 0


async def page(transaction: Transaction, chosen: Chosen, after: int, limit: int) -> list[Entry]:
    """By number, from the one behind `after`. Reads no more rows than it gives."""
    groups = await _groups(transaction, chosen)
    if groups is None:
        sql, values = f"SELECT {COLUMNS} FROM suppression WHERE id > ?", [after]
    elif groups:
        one = f"SELECT {COLUMNS} FROM suppression WHERE account_id = ? AND reason = ? AND id > ?"
        sql, values = " UNION ALL ".join([one] * len(groups)), [each for group in groups for each in (*group, after)]
    else:
        return []
    return [entry_of(row) for row in await transaction.rows(f"{sql} ORDER BY id LIMIT ?", *values, limit)]


async def _groups(transaction: Transaction, chosen: Chosen) -> list[tuple[int, str]] | None:
    """The (tree, reason) that are chosen, each a run of the index; None when that is everything."""
    if chosen.account_id is None and chosen.reason is None:
        return None
    if chosen.account_id is not None:
        return [(chosen.account_id, each) for each in ([chosen.reason] if chosen.reason else Reason)]
    rows = await transaction.rows(
        "SELECT DISTINCT account_id FROM suppression_count WHERE reason = ? AND count > 0", chosen.reason
    )
    return [(account_id, str(chosen.reason)) for (account_id,) in rows]


async def lifted_of(transaction: Transaction, address: str) -> list[Lifted]:
    rows = await transaction.rows(f"{_LIFTED} WHERE address = ? ORDER BY id", address)
    return [_lifted(row) for row in rows]


async def lifted_by(transaction: Transaction, how: Lifter, after: int, limit: int) -> list[Lifted]:
    """By number, from the one behind `after`."""
    rows = await transaction.rows(f"{_LIFTED} WHERE lifted_how = ? AND id > ? ORDER BY id LIMIT ?", how, after, limit)
    return [_lifted(row) for row in rows]


def _lifted(row: Sequence[Any]) -> Lifted:
    lifted_ms, how, by, why = row[-4:]
    return Lifted(entry_of(row[:-4]), lifted_ms, Lifter(how), by, why)
