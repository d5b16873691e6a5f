"""A new queue.db in its newest version, as the product makes it, but made once in a process and then copied.

Fourteen migrations with their syncs take longer than most tests.
"""

import sqlite3
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from youtong.queue.storage.database import connect, migrate


def new_queue(path: Path) -> sqlite3.Connection:
    """Open the database, which is made when it is not there."""
    if not path.exists():
        path.write_bytes(_made())
    db = connect(path)
    migrate(db)
    return db


@cache
def _made() -> bytes:
    with TemporaryDirectory() as folder:
        db = connect(path := Path(folder, "queue.db"))
        migrate(db)
        db.close()
        return path.read_bytes()
