"""What goes wrong with app.db, mapped once at the folder's edge.

Owns   StoreError and its kinds, and `mapped`, which turns sqlite3's exceptions into them.
Knows  no table.
"""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager


class StoreError(Exception):
    """app.db could not be asked: locked, full, broken or gone. Try again later."""


class Conflict(StoreError):
    """The rows refuse it: a name or domain is taken, or a CHECK says no. Nothing was changed."""


class NewerSchema(StoreError):
    """A later version of Youtong wrote this file."""


@contextmanager
def mapped() -> Generator[None]:
    """Around statements only: a caller's own exceptions must pass a transaction unchanged."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise Conflict(str(error)) from error
    except (sqlite3.Error, ValueError) as error:  # aiosqlite: ValueError once the connection is closed
        raise StoreError(str(error)) from error
