"""Reading stored inbound mail: for people, and for whoever follows what arrives, beside the owner or without it.

Owns   InboundReader: a read-only connection and its errors.
Knows  no SQL (queue.storage.inbound_rows). Whoever has dealt with a message asks the owner to delete it
       (queue.inbound.inbound_store); nothing is written here.
"""

import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ..reading import NoQueue
from ..storage import inbound_rows
from ..storage.database import connect, map_error
from .inbound_mail import InboundContent, InboundKind, InboundMessage

Read = TypeVar("Read")


class InboundReader:
    """Made by `reading_inbound`. Every method raises StorageError and nothing of sqlite3's."""

    def __init__(self, connection: sqlite3.Connection, spool_folder: Path) -> None:
        self._db, self._spool = connection, spool_folder

    def after(self, seq: int, limit: int) -> list[InboundMessage]:
        """The next messages beyond a number, in their order."""
        return _mapped(lambda: inbound_rows.after(self._db, seq, limit))

    def unread(self, seq: int, limit: int) -> list[InboundMessage]:
        """The next messages beyond a number that nobody has read, in their order."""
        return _mapped(lambda: inbound_rows.unread(self._db, seq, limit))

    def count_unread(self) -> int:
        """How many nobody has read."""
        return _mapped(lambda: inbound_rows.count_unread(self._db))

    def newest(self, kind: InboundKind | None, limit: int) -> list[InboundMessage]:
        """The newest messages with a recipient of this kind, or of any, newest first."""
        return _mapped(lambda: inbound_rows.newest(self._db, kind or "", limit))

    def message(self, seq: int) -> InboundMessage | None:
        found = self.after(seq - 1, 1)
        return found[0] if found and found[0].seq == seq else None

    def content(self, seq: int) -> InboundContent | None:
        """None when there is no such message, or it was deleted."""
        return _mapped(lambda: inbound_rows.content(self._db, seq))

    def beginning(self, content: InboundContent, octets: int) -> bytes:
        """So much of the body. A file that goes meanwhile has none."""
        if content.spool is None:
            return (content.body or b"")[:octets]
        try:
            with (self._spool / content.spool).open("rb") as file:
                return file.read(octets)
        except FileNotFoundError:
            return b""


@contextmanager
def reading_inbound(data_dir: Path) -> Generator[InboundReader]:
    """A reader of this data folder's inbound mail. Raises StorageError; `NoQueue` when there never was a queue."""
    path = data_dir / "queue.db"
    if not path.exists():
        raise NoQueue(f"there is no queue in {data_dir} yet")
    connection = _mapped(lambda: connect(path, read_only=True))
    try:
        yield InboundReader(connection, data_dir / "spool")
    finally:
        connection.close()


def _mapped(read: Callable[[], Read]) -> Read:
    try:
        return read()
    except sqlite3.Error as error:
        raise map_error(error) from error
