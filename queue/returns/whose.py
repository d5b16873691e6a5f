"""Whose: what numbers of recipients (here or in the archive) and of streams stand for, when something came back.

Owns   the look-up beside the owner: address, class, account and stream of a recipient; the account of a stream.
Knows  no news. Read-only; opened for each page, since it is asked seldom.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec

from ..archive import archive_reads
from ..storage.database import connect, map_error

_HERE = """
SELECT r.id, r.address, m.account_id, m.mail_class, m.stream_id
FROM recipient AS r JOIN message AS m ON m.id = r.message_id WHERE r.id = ?
"""


class Whose(msgspec.Struct, frozen=True):
    """A recipient."""

    recipient_id: int
    address: str
    account_id: int
    mail_class: str
    stream_id: int


def whose(data_dir: Path, recipient_ids: Iterable[int]) -> dict[int, Whose]:
    """Those that there are. Blocks. Raises StorageError."""
    wanted = set(recipient_ids)
    if not wanted:
        return {}
    try:
        with closing(connect(data_dir / "queue.db", read_only=True)) as db:
            found = _read(db, wanted)
        if wanted - found.keys():  # what moves meanwhile is then in both, and never in neither
            found |= _archived(data_dir, wanted - found.keys())
    except sqlite3.Error as error:
        raise map_error(error) from error
    return found


def accounts_of_streams(data_dir: Path, stream_ids: Iterable[int]) -> dict[int, int]:
    """Of those that there are. Blocks. Raises StorageError."""
    wanted = set(stream_ids)
    if not wanted:
        return {}
    try:
        with closing(connect(data_dir / "queue.db", read_only=True)) as db:
            rows = (db.execute("SELECT id, account_id FROM stream WHERE id = ?", (each,)).fetchone() for each in wanted)
            return {row[0]: row[1] for row in rows if row is not None}
    except sqlite3.Error as error:
        raise map_error(error) from error


def _archived(data_dir: Path, wanted: set[int]) -> dict[int, Whose]:
    archive = archive_reads.open_reads(data_dir / archive_reads.NAME)
    if archive is None:
        return {}
    with closing(archive):
        return _read(archive, wanted)


def _read(db: sqlite3.Connection, wanted: set[int]) -> dict[int, Whose]:
    rows = (db.execute(_HERE, (number,)).fetchone() for number in wanted)
    return {row[0]: Whose(*row) for row in rows if row is not None}
