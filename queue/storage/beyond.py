"""Beyond: how a walk by pages goes on in an index whose order ends with the row's own number.

Owns   the two steps of a page: rows with the same values and a larger number, then rows with larger values.
Knows  no table.

SQLite narrows an index by its declared columns only, and the row's number, by which equal entries are ordered, is not
declared. One comparison `(next_ms, id) > (?, ?)` therefore looks at all rows of that moment on every page: a stream
whose million recipients are due at one moment would cost the square of them.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec


class Order(msgspec.Struct, frozen=True):
    """The declared columns of an index, and the name of the row's number."""

    columns: Sequence[str]
    number: str

    def steps(self, after: Sequence[int]) -> list[tuple[str, Sequence[int], str]]:
        """Conditions, parameters and orders that go on beyond `after`, a value for each column and the number.

        To be read one after the other, the second for as many rows as the first did not give.
        """
        columns = ", ".join(self.columns)
        marks = ", ".join("?" * len(self.columns))
        return [
            (f"({columns}) = ({marks}) AND {self.number} > ?", after, self.number),
            (f"({columns}) > ({marks})", after[:-1], f"{columns}, {self.number}"),
        ]

    def page(
        self, db: sqlite3.Connection, query: str, values: Sequence[object], after: Sequence[int], limit: int
    ) -> list[tuple[Any, ...]]:
        """The next rows of `query`, which ends within its condition."""
        found: list[tuple[Any, ...]] = []
        for condition, given, order in self.steps(after):
            if len(found) < limit:
                found += db.execute(
                    f"{query} AND {condition} ORDER BY {order} LIMIT ?", (*values, *given, limit - len(found))
                ).fetchall()
        return found


BY_TIME = Order(("r.next_ms",), "r.id")
"""Recipients r of one domain and flow, or of one state."""
