"""Rows of the table `dialogue`: the newest of all dialogues, within a number of octets.

Owns   the SQL over it, and the number of the next one.
Knows  nothing of what is in a dialogue. Writing is part of an operation of GroupCommit and atomic with it.

Invariants
    A number is where the dialogue ends in the endless record: what is kept is the range of the last `keep_bytes`
    numbers, and the one that the range cuts. Whoever writes also deletes, a few rows more than it wrote: the table
    never needs to be swept.
    A number is never given twice, so a journal row whose dialogue was deleted never shows another's.
"""

import sqlite3
from collections.abc import Sequence

ROW_OCTETS = 64
"""What a row costs beside its dialogue: so the octets that are kept bound the rows, too."""
_MORE = 4  # rows deleted beyond those written: a bound that was lowered is reached bit by bit


def newest(db: sqlite3.Connection) -> int:
    """The number of the newest dialogue; 0 when there never was one."""
    return db.execute("SELECT ifnull(max(id), 0) FROM dialogue").fetchone()[0]


def put(db: sqlite3.Connection, rows: Sequence[tuple[int, bytes]], keep_bytes: int) -> None:
    """Write these (number, dialogue), ascending, and forget the oldest beyond `keep_bytes`."""
    db.executemany("INSERT INTO dialogue (id, said) VALUES (?, ?)", rows)
    last = rows[-1][0]
    db.execute(
        "DELETE FROM dialogue WHERE id IN (SELECT id FROM dialogue WHERE id <= ? AND id < ? ORDER BY id LIMIT ?)",
        (last - keep_bytes, last, len(rows) + _MORE),
    )


def read(db: sqlite3.Connection, number: int) -> bytes | None:
    """A dialogue, if it is still kept."""
    row = db.execute("SELECT said FROM dialogue WHERE id = ?", (number,)).fetchone()
    return row[0] if row else None
