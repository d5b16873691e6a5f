"""Database files that SQLite cannot read: which one it is, and what an operator can do.

Owns   telling damage from other errors, and finding the file.
Knows  no table. Nothing is repaired: a server that started on half a queue would lose the other half for good.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from .texts import _

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NAMES = ("queue.db", "app.db")  # archive.db keeps nobody from starting


def is_damage(error: BaseException | None) -> bool:
    """Whether the error, or what it came from, says that a file is no sound database."""
    while error is not None:
        if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
            return True
        error = error.__cause__
    return False


def damage_words(data_dir: Path) -> str:
    """Which file it is, and what to do."""
    path = next((data_dir / name for name in _NAMES if _is_damaged(data_dir / name)), data_dir)
    sentence = _(
        "{file} is damaged: a disk or another program changed it, and SQLite cannot read it. Nothing was started and "
        "nothing changed. Check the disk, then put the file back from a backup, or save what can be read: "
        'sqlite3 {file} ".recover" | sqlite3 {file}.new'
    )
    return sentence.format(file=path)


def _is_damaged(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as db:
            return bool(db.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)])
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        return True
