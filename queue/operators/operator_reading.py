"""Reading for operators: what is suspended, what was done, and what a name could mean, beside the owner or without it.

Owns   OperatorReader: a read-only connection, its errors, and which named query answers a question.
Knows  no sentence (admin.cli).
"""

import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal, TypeVar

from ..reading import NoQueue
from ..states import RecipientState
from ..storage import operation_rows, suspension_rows, walks
from ..storage.database import connect, map_error
from ..storage.operation_rows import OperationRow
from ..storage.suspension_rows import SuspensionRow
from ..storage.walks import START, Cursor
from .operations import states_of
from .selections import Selection

_MAX_NAMES = 2000  # a site that no rule names is its own provider: there may be as many as sites
Kind = Literal["provider", "site"]
Read = TypeVar("Read")


class OperatorReader:
    """Made by `operator_reading`. Every method raises StorageError and nothing of sqlite3's."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def suspensions(self, now_ms: int) -> list[SuspensionRow]:
        """In force, oldest first."""
        return _mapped(lambda: suspension_rows.in_force(self._db, now_ms))

    def past_suspensions(self, limit: int) -> list[SuspensionRow]:
        """In force or ended, newest first."""
        return _mapped(lambda: suspension_rows.history(self._db, limit))

    def operations(self, limit: int) -> list[OperationRow]:
        """Newest first."""
        return _mapped(lambda: operation_rows.history(self._db, limit))

    def operation(self, number: int) -> OperationRow | None:
        return _mapped(lambda: operation_rows.one(self._db, number))

    def names(self, kind: Kind) -> list[str]:
        """Providers or sites that mail ever went to; of very many not all."""
        return _mapped(lambda: list(_distinct(self._db, kind)))

    def is_known(self, kind: Kind, name: str) -> bool:
        query = f"SELECT 1 FROM domain WHERE {kind} = ? LIMIT 1"
        return _mapped(lambda: self._db.execute(query, (name,)).fetchone() is not None)

    def of_domain(self, kind: Kind, domain: str) -> str:
        """The provider or site of a domain; "" when that is not known."""
        query = f"SELECT ifnull({kind}, '') FROM domain WHERE name = ?"
        row = _mapped(lambda: self._db.execute(query, (domain,)).fetchone())
        return row[0] if row else ""

    def are_more_than(self, number: int, verb: str, selection: Selection) -> bool:
        """Whether the verb would change more recipients than that."""
        count = 0
        for state in states_of(verb):
            for found in _mapped(lambda state=state: self._counted(selection, state, number)):
                count += found
                if count > number:
                    return True
        return False

    def _counted(self, selection: Selection, state: RecipientState, enough: int) -> list[int]:
        counts: list[int] = []
        cursor: Cursor | None = START
        while cursor is not None and sum(counts) <= enough:
            page = walks.page(self._db, selection, state, cursor)
            counts.append(len(page.rows))
            cursor = page.cursor
        return counts


@contextmanager
def operator_reading(data_dir: Path) -> Generator[OperatorReader]:
    """A reader of this data folder's queue. Raises StorageError; `NoQueue` when there never was one."""
    path = data_dir / "queue.db"
    if not path.exists():
        raise NoQueue(f"there is no queue in {data_dir} yet")
    with closing(_mapped(lambda: connect(path, read_only=True))) as connection:
        yield OperatorReader(connection)


def _distinct(db: sqlite3.Connection, kind: Kind) -> Iterator[str]:
    """Skips from name to name in the index: many domains share one."""
    query = f"SELECT min({kind}) FROM domain WHERE {kind} > ?"
    name, found = "", 0
    while found < _MAX_NAMES:
        (following,) = db.execute(query, (name,)).fetchone()
        if following is None:
            return
        name, found = following, found + 1
        yield name


def _mapped(read: Callable[[], Read]) -> Read:
    try:
        return read()
    except sqlite3.Error as error:
        raise map_error(error) from error
