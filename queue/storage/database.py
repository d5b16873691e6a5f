"""Opening queue.db: pragmas, migrations, and what an error of the driver means to us.

Owns   the connection's settings (WAL, synchronous=FULL, incremental vacuum) and the forward-only migrations
       `NNNN_name.sql` beside this file.
Knows  no table; queue.storage.store does.
"""

import sqlite3
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from ...mta.crashpoint import reach

_CHECKPOINT_PAGES = 16_384
"""64 MiB of log: it is copied long before (write_ahead_log); if a reader prevents that, a COMMIT does it."""
_LOG_BYTES = 12 * 1024 * 1024
"""A log that a reader made longer is cut to this when it begins anew."""
_OPENING_PATIENCE_MS = 10_000
"""A reader that opens or leaves the file holds it whole for a moment: it brings in what a killed owner left in the log.
Nobody waits for our loop yet."""
_SETTINGS = ("busy_timeout = 2000", "temp_store = MEMORY", "cache_size = -16384")
_WRITER_SETTINGS = (
    f"busy_timeout = {_OPENING_PATIENCE_MS}",
    "auto_vacuum = INCREMENTAL",
    "journal_mode = WAL",
    "synchronous = FULL",
    f"wal_autocheckpoint = {_CHECKPOINT_PAGES}",
    f"journal_size_limit = {_LOG_BYTES}",
)


class StorageError(Exception):
    """The queue could not be read or written; nothing of the operation was kept."""


class StorageFull(StorageError):
    """No room on the disk (452 4.3.1 to a client)."""


class StorageBusy(StorageError):
    """Another process holds the database (451 4.3.0 to a client)."""


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection whose transactions are begun and ended by us; usable from any one thread at a time.

    A writer waits here for whoever holds the file, and never afterwards: its loop may not stand still.
    Raises StorageError when the file cannot be made or opened.
    """
    uri = f"file:{quote(str(path))}?mode={'ro' if read_only else 'rwc'}"
    if not read_only:
        _make_private(path)
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        for setting in _SETTINGS if read_only else (*_WRITER_SETTINGS, *_SETTINGS, "busy_timeout = 0"):
            connection.execute(f"PRAGMA {setting}")
    except sqlite3.Error as error:
        connection.close()
        raise map_error(error) from error
    return connection


def _make_private(path: Path) -> None:
    """Letters are nobody else's, also below a folder that everybody may enter; -wal and -shm get the same mode."""
    try:
        path.touch(0o600)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema to the newest version; each step is one transaction. Raises StorageError for a newer file."""
    steps = migrations()
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(steps):
        raise StorageError(
            f"queue.db has schema version {version}, this program knows {len(steps)}: it was written by a newer one"
        )
    for number, script in enumerate(steps, start=1):
        if number > version:
            reach("migrate.before")
            connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
            reach("migrate.after")


def migrations() -> list[str]:
    """The scripts in their order."""
    folder = resources.files(__package__ or __name__)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [folder.joinpath(name).read_text("utf-8") for name in names]


def map_error(error: sqlite3.Error) -> StorageError:
    """Our word for a driver's error; the cause is kept by `raise … from`."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    if primary == sqlite3.SQLITE_FULL or (primary == sqlite3.SQLITE_IOERR and "disk" in str(error)):
        return StorageFull(str(error))
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageBusy(str(error))
    return StorageError(str(error))
