"""Rows of the table `wish`: hold or cancel, asked for while a recipient was leased.

Owns   the SQL over it, and knowing without a statement that there is none, which is nearly always so.
Knows  nothing of what follows from a wish (queue.wishes).

Each method is part of an operation of GroupCommit and is atomic with it.
"""

import sqlite3
from collections.abc import Iterable

import msgspec

_LEASES = "SELECT DISTINCT r.lease FROM wish AS w JOIN recipient AS r ON r.id = w.recipient_id WHERE r.state = 1"


class Wish(msgspec.Struct, frozen=True, array_like=True):
    """What is to become of a recipient when its lease ends and it would wait again."""

    recipient_id: int
    verb: str  # "hold" or "cancel"
    reason: str
    who: str
    operation: int = 0  # of queue.storage.operation_rows


class WishRows:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._exist: bool | None = None  # None: not known

    def forget(self) -> None:
        """Something was rolled back."""
        self._exist = None

    @property
    def exist(self) -> bool:
        """Whether there is any. Asked at the end of every lease."""
        if self._exist is None:
            self._exist = self._db.execute("SELECT 1 FROM wish LIMIT 1").fetchone() is not None
        return self._exist

    def keep(self, wish: Wish) -> None:
        """The last word counts."""
        self._db.execute(
            "INSERT OR REPLACE INTO wish (recipient_id, verb, reason, who, operation) VALUES (?, ?, ?, ?, ?)",
            (wish.recipient_id, wish.verb, wish.reason, wish.who, wish.operation),
        )
        self._exist = True

    def withdraw(self, recipient_id: int, verb: str) -> bool:
        """Whether there was such a wish."""
        return self._delete("recipient_id = ? AND verb = ?", (recipient_id, verb)) is not None

    def withdraw_of(self, operation: int) -> int:
        """Of one operation all wishes that still wait; how many there were."""
        withdrawn = self._db.execute("DELETE FROM wish WHERE operation = ?", (operation,)).rowcount
        self._exist = None
        return withdrawn

    def take(self, recipient_ids: Iterable[int]) -> list[Wish]:
        """The wishes about these, which are fulfilled or void now."""
        found = (self._delete("recipient_id = ?", (recipient_id,)) for recipient_id in recipient_ids)
        return [wish for wish in found if wish is not None]

    def leases(self) -> list[int]:
        """The tokens of the leases that wishes wait for."""
        return [token for (token,) in self._db.execute(_LEASES)]

    def _delete(self, condition: str, values: tuple[object, ...]) -> Wish | None:
        row = self._db.execute(
            f"DELETE FROM wish WHERE {condition} RETURNING recipient_id, verb, reason, who, operation", values
        ).fetchone()
        if row is None:
            return None
        self._exist = None
        return Wish(*row)


def read(db: sqlite3.Connection, recipient_id: int) -> Wish | None:
    """The wish about a recipient, for people who ask."""
    query = "SELECT recipient_id, verb, reason, who, operation FROM wish WHERE recipient_id = ?"
    row = db.execute(query, (recipient_id,)).fetchone()
    return Wish(*row) if row else None
