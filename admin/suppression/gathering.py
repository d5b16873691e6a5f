"""From journal rows to what the book is told: the recipients' addresses, from the queue or its archive.

Owns   choosing the few rows of a page that matter, and asking for their recipients together.
Knows  no effect (following).
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ...queue.archive.archive_reads import open_reads
from ...queue.classes import MailClass
from ...queue.journal import JournalRow
from ...queue.storage.addressees import addressees
from .following import Heard, concerns


def gather(db: sqlite3.Connection, archive_db: Path, rows: Sequence[JournalRow], *, lifts: bool) -> list[Heard]:
    """What of a page concerns the book, in its order; `lifts` as `following.may_lift_any` said. Raises sqlite3.Error.

    A recipient that is nowhere is passed over: it was forgotten, and so is whoever it was sent to.
    """
    wanted = [row for row in rows if concerns(row.kind, row.facts, lifts=lifts)]
    if not wanted:
        return []
    known = addressees(db, {row.recipient_id for row in wanted})
    if missing := {row.recipient_id for row in wanted} - known.keys():
        known |= _archived(archive_db, missing)
    return [_heard(row, *known[row.recipient_id]) for row in wanted if row.recipient_id in known]


def _archived(archive_db: Path, missing: set[int]) -> dict[int, tuple[str, str]]:
    archive = open_reads(archive_db)
    if archive is None:
        return {}
    with closing(archive):
        return addressees(archive, missing)


def _heard(row: JournalRow, address: str, mail_class: str) -> Heard:
    return Heard(
        row.seq, row.at_ms, row.kind, row.account_id, row.recipient_id, address, MailClass(mail_class), row.facts
    )
