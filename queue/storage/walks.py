"""Walks: the recipients that a selection means, page by page, however many wait.

Owns   which index is walked for which selection, and how far a page goes.
Knows  no verb. Each page is read within an operation of GroupCommit, or by a connection of its own.

Invariants
    A page looks at a bounded number of rows, whether or not they are meant: no operation holds up the others. (One
    exception: of an account all flows are sorted by number, some thousand where it had as many streams.)
    A walk survives what is done to its rows: who leaves the state that is walked, or becomes due sooner, is behind it.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from ..ids import address_hash
from ..operators.selections import Selection, pair_sql, recipient_sql
from ..states import RecipientState
from .address_runs import WITH_ADDRESS_HASH
from .beyond import BY_TIME, Order
from .rows import OperatedRow

PAGE = 250  # recipients; with the commit some 30 ms
_PAIRS = 500  # (domain, flow) pairs that a page looks at
_HEADS = 500  # domains or flows that a page looks at for their pairs
_NEVER = 1 << 62

_COLUMNS = (
    "r.id, r.message_id, r.domain_id, r.flow_id, r.journal_seq, r.next_ms, m.account_id, m.expires_ms, d.name, r.lease"
)
_TABLES = (
    " FROM recipient AS r CROSS JOIN message AS m ON m.id = r.message_id CROSS JOIN domain AS d ON d.id = r.domain_id"
)
_IN_PAIR = f"SELECT {_COLUMNS}{_TABLES} WHERE r.domain_id = ? AND r.flow_id = ? AND r.state = 0"

Place = tuple[int, int]


class Cursor(msgspec.Struct, frozen=True):
    """How far a walk has come."""

    after: Place = (-1, -1)  # of the index that is walked
    pair: Place | None = None  # (domain, flow) that was begun
    within: Place = (-1, -1)  # next_ms and id in it


START = Cursor()


class Page(msgspec.Struct, frozen=True):
    """Some rows that are meant; `cursor` None: there are no more. `domains`: names that the page met."""

    rows: Sequence[OperatedRow]
    cursor: Cursor | None
    domains: frozenset[str] = frozenset()


_Pair = tuple[int, int, str, Place]
"""Domain, flow, name of the domain, and the place in the walk."""


class _Pairs(msgspec.Struct, frozen=True):
    """Pairs that are meant."""

    pairs: Sequence[_Pair]
    last: Place | None  # None: there are no more
    looked_at: int


class _Index(msgspec.Struct, frozen=True):
    """An index over recipients that is walked: its condition with parameters, and its order."""

    condition: str
    values: tuple[object, ...] = ()
    first: str = ""  # the column before the id; "": the ids alone give the order

    def steps(self, after: Place) -> Sequence[tuple[str, tuple[object, ...], str]]:
        """Conditions, parameters and orders that go on beyond `after`, one after the other."""
        if not self.first:
            return ((f"{self.condition} AND r.id > ?", (*self.values, after[1]), "r.id"),)
        return [
            (f"{self.condition} AND {beyond}", (*self.values, *given), order)
            for beyond, given, order in Order((self.first,), "r.id").steps(after)
        ]


_HELD = _Index("r.state = 2", first="r.next_ms")
_LEASED = _Index("r.state = 1 AND r.lease > 0", first="r.lease")


def page(
    db: sqlite3.Connection, selection: Selection, state: RecipientState, cursor: Cursor = START, *, due_after: int = -1
) -> Page:
    """The next recipients in `state`; of scheduled ones only those due after `due_after` (epoch ms).

    Of what was noted of the backlog, all is written before (`Backlog.write`).
    """
    if selection.message_id:
        return _straight(db, _Index("r.message_id = ?", (selection.message_id,)), selection, state, cursor)
    if selection.address:
        return _straight(
            db, _Index(f"r.id IN {WITH_ADDRESS_HASH}", (address_hash(selection.address),)), selection, state, cursor
        )
    match state:
        case RecipientState.HELD:
            return _straight(db, _HELD, selection, state, cursor)
        case RecipientState.LEASED:
            return _straight(db, _LEASED, selection, state, cursor)
        case _:
            assert state is RecipientState.SCHEDULED, "who has ended is not walked"
            return _by_pairs(db, selection, cursor, due_after)


def one(db: sqlite3.Connection, recipient_id: int, state: RecipientState) -> OperatedRow | None:
    """A single recipient, if it is in that state."""
    row = db.execute(f"SELECT {_COLUMNS}{_TABLES} WHERE r.id = ? AND r.state = ?", (recipient_id, int(state)))
    return next((OperatedRow(*columns) for columns in row), None)


def _straight(
    db: sqlite3.Connection, index: _Index, selection: Selection, state: RecipientState, cursor: Cursor
) -> Page:
    """Along one index of recipients. Those beside the selection are looked at, counted, and left out."""
    condition, values = recipient_sql(selection)
    query = f"SELECT {_COLUMNS}, {index.first or 0}, r.state = ? AND {condition}{_TABLES}"
    found: list[tuple[Any, ...]] = []
    for where, given, order in index.steps(cursor.after):
        found += db.execute(
            f"{query} WHERE {where} ORDER BY {order} LIMIT ?", (int(state), *values, *given, PAGE - len(found))
        ).fetchall()
    rows = [OperatedRow(*row[:-2]) for row in found if row[-1]]
    names = frozenset(row.domain for row in rows)
    return Page(rows, Cursor((found[-1][-2], found[-1][0])) if len(found) == PAGE else None, names)


def _by_pairs(db: sqlite3.Connection, selection: Selection, cursor: Cursor, due_after: int) -> Page:
    """Along pairs of domain and flow, and in each by due time."""
    rows: list[OperatedRow] = []
    start = (due_after, _NEVER) if due_after >= 0 else (-1, -1)
    if cursor.pair is not None:
        rows += _in_pair(db, cursor.pair, cursor.within, PAGE)
        if len(rows) == PAGE:
            return Page(rows, _within(cursor.after, cursor.pair, rows[-1]), frozenset({rows[-1].domain}))
    found = _pairs(db, selection, cursor.after)
    names = {row.domain for row in rows}
    for domain_id, flow_id, name, place in found.pairs:
        names.add(name)
        rows += _in_pair(db, (domain_id, flow_id), start, PAGE - len(rows))
        if len(rows) == PAGE:
            return Page(rows, _within(place, (domain_id, flow_id), rows[-1]), frozenset(names))
    return Page(rows, Cursor(found.last) if found.last is not None else None, frozenset(names))


def _within(after: Place, pair: Place, last: OperatedRow) -> Cursor:
    assert last.next_ms is not None
    return Cursor(after, pair, (last.next_ms, last.id))


def _in_pair(db: sqlite3.Connection, pair: Place, after: Place, limit: int) -> list[OperatedRow]:
    return [OperatedRow(*row) for row in BY_TIME.page(db, _IN_PAIR, pair, after, limit)]


def _pairs(db: sqlite3.Connection, selection: Selection, after: Place) -> _Pairs:
    for column, value in (("name", selection.domain), ("site", selection.site), ("provider", selection.provider)):
        if value:
            return _from_heads(db, selection, after, _Head("domain", column, value, "b.domain_id", "b.flow_id"))
    for column, value in (("stream_id", selection.stream_id), ("account_id", selection.account_id)):
        if value:
            return _from_heads(db, selection, after, _Head("flow", column, value, "b.flow_id", "b.domain_id"))
    return _met(db, selection, ("(b.domain_id, b.flow_id) > (?, ?)", after), ("b.domain_id", "b.flow_id"), _PAIRS)


class _Head(msgspec.Struct, frozen=True):
    """The table, column and value that name domains or flows, and the columns of their pairs: head, other."""

    table: str
    column: str
    value: object
    head: str
    other: str


def _from_heads(db: sqlite3.Connection, selection: Selection, after: Place, head: _Head) -> _Pairs:
    """By the domains or flows that a criterion names, some at a time, and the pairs of each."""
    ids = db.execute(
        f"SELECT id FROM {head.table} WHERE {head.column} = ? AND id > ? ORDER BY id LIMIT ?",
        (head.value, after[0] if after[1] == _NEVER else after[0] - 1, _HEADS),
    ).fetchall()
    pairs: list[_Pair] = []
    room = _PAIRS
    for (number,) in ids:
        beyond = after[1] if number == after[0] else -1
        condition = f"{head.head} = ? AND {head.other} > ?"
        met = _met(db, selection, (condition, (number, beyond)), (head.head, head.other), room)
        pairs += met.pairs
        room -= met.looked_at
        if not room:
            return _Pairs(pairs, met.last, _PAIRS)
    return _Pairs(pairs, (ids[-1][0], _NEVER) if len(ids) == _HEADS else None, _PAIRS - room)


def _met(
    db: sqlite3.Connection,
    selection: Selection,
    where: tuple[str, tuple[object, ...]],
    columns: tuple[str, str],
    limit: int,
) -> _Pairs:
    """Pairs of the backlog in the order of `columns`; those beside the selection are looked at and left out."""
    fits, fits_values = pair_sql(selection)
    found = db.execute(
        f"SELECT b.domain_id, b.flow_id, d.name, {columns[0]}, {columns[1]}, {fits}"
        " FROM backlog AS b CROSS JOIN domain AS d ON d.id = b.domain_id CROSS JOIN flow AS f ON f.id = b.flow_id"
        f" WHERE {where[0]} ORDER BY {columns[0]}, {columns[1]} LIMIT ?",
        (*fits_values, *where[1], limit),
    ).fetchall()
    pairs = [(domain, flow, name, (first, second)) for domain, flow, name, first, second, is_meant in found if is_meant]
    return _Pairs(pairs, (found[-1][3], found[-1][4]) if len(found) == limit else None, len(found))
