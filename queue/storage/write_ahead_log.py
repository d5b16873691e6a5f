"""The write-ahead log of queue.db: written from its beginning again and again, instead of grown.

Owns   when the log is copied into the database, between two transactions of the only writer. Only then is it copied
       whole, so that the next transaction overwrites it: an fdatasync of a file that grows costs twice one of a file
       that is overwritten, and a short log stays in the cache (figures: docs/benchmarks.md).
Knows  nothing of transactions. SQLite's own checkpoint at 64 MiB stays behind this; the housekeeper says when
       few rows made a long log.

Invariants
    P6  no 250 waits long for a copy: the log is copied the earlier the slower the disk turns out to be.
"""

import logging
import sqlite3
import time

_log = logging.getLogger("youtong.queue")
PAGES = 2000
"""8 MiB. A disk that syncs in 0.1 ms takes 25 ms for so many, all over a large database: then they are fewer."""
_SECONDS = 0.03  # that a copy may take; operations gather meanwhile
_FIRST_ROWS, _FEWEST_ROWS, _MOST_ROWS = 1000, 20, 20_000
_STEP = 4.0  # one slow sync says little


class WriteAheadLog:
    """SQLite tells its length only when it is copied, so that is guessed from the rows that were changed since."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._copied_at = connection.total_changes
        self._rows = _FIRST_ROWS  # that make a log of the right length
        self.is_wanted = False
        """Somebody saw that the log is long, whatever its rows say."""
        self.longest_seconds = 0.0  # that a copy took

    @property
    def is_long(self) -> bool:
        rows = self._connection.total_changes - self._copied_at
        return rows >= self._rows or (self.is_wanted and rows > 0)

    def copy(self) -> None:
        """Copy what readers and other processes allow. Not within a transaction; never raises."""
        rows = self._connection.total_changes - self._copied_at
        self._copied_at = self._connection.total_changes
        self.is_wanted = False
        began = time.perf_counter()
        try:
            _, pages, _ = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            _log.warning("log not copied, tried again later error=%s", error)
            return
        seconds = time.perf_counter() - began
        self.longest_seconds = max(self.longest_seconds, seconds)
        if pages > 0:
            self._learn(rows, pages, seconds)

    def _learn(self, rows: int, pages: int, seconds: float) -> None:
        fitting = min(PAGES / pages, _SECONDS / max(seconds, 1e-6))
        wanted = int(rows * max(1 / _STEP, min(fitting, _STEP)))
        self._rows = max(_FEWEST_ROWS, min(wanted, _MOST_ROWS))
