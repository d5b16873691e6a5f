"""Whose: what a number of a recipient stands for, here or in the archive, for those who read what came back.

Owns   the look-up beside the owner: address, class, account and stream.
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


def _archived(data_dir: Path, wanted: set[int]) -> dict[int, Whose]:
    archive = archive_reads.open_reads(data_dir / archive_reads.NAME)
    if archive is None:
        return {}
    with closing(archive):
        return _read(archive, wanted)


def _read(db: sqlite3.Connection, wanted: set[int]) -> dict[int, Whose]:
    rows = (db.execute(_HERE, (number,)).fetchone() for number in wanted)
    return {row[0]: Whose(*row) for row in rows if row is not None}
