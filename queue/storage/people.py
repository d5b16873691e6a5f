"""Rows behind the limits on people: what a credential has sent, and whom an account has written to.

Owns   the SQL over (message, credential) and the table `acquaintance`.
Knows  no limit. Reads go over a read-only connection of their own: a session asks without waiting for a commit. Writes
       are operations of GroupCommit.

Invariants
    Every query walks an index over what one credential sent, or one account wrote to, within the time asked for.
"""

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from .database import connect, map_error

Read = TypeVar("Read")
_DAY_MS = 86_400_000

_SENT = """
SELECT m.received_ms, (SELECT count(*) FROM recipient AS r WHERE r.message_id = m.id) FROM message AS m
WHERE m.credential_id = ? AND m.credential_id > 0 AND m.received_ms >= ? ORDER BY m.received_ms
"""
_MET = "SELECT first_ms, count(*) FROM acquaintance WHERE account_id = ? AND first_ms >= ? GROUP BY first_ms ORDER BY 1"


class PeopleReads:
    """Every method raises StorageError and nothing of sqlite3's."""

    def __init__(self, path: Path) -> None:
        self._db = connect(path, read_only=True)

    def close(self) -> None:
        self._db.close()

    def sent_since(self, credential_id: int, since_ms: int) -> list[tuple[int, int]]:
        """(when, recipients) of each message of a credential, oldest first."""
        return _mapped(lambda: self._db.execute(_SENT, (credential_id, since_ms)).fetchall())

    def met_since(self, account_id: int, since_ms: int) -> list[tuple[int, int]]:
        """(when, how many) an account wrote to for the first time, oldest first."""
        return _mapped(lambda: self._db.execute(_MET, (account_id, since_ms)).fetchall())

    def known(self, account_id: int, address_hashes: Iterable[int]) -> set[int]:
        """Those of the addresses that the account has written to."""
        query = "SELECT 1 FROM acquaintance WHERE account_id = ? AND address_hash = ?"
        return _mapped(
            lambda: {each for each in address_hashes if self._db.execute(query, (account_id, each)).fetchone()}
        )


def meet(db: sqlite3.Connection, account_id: int, address_hashes: Iterable[int], now_ms: int) -> None:
    """The account has written to these."""
    query = "INSERT INTO acquaintance (account_id, address_hash, first_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    db.executemany(query, [(account_id, each, now_ms) for each in address_hashes])


def meet_released(db: sqlite3.Connection, recipient_id: int, now_ms: int) -> None:
    """Somebody vouched for a held recipient: if a login wrote to it, it is no stranger from now on.

    It is written down as of a day before, so that it takes none of today's places.
    """
    db.execute(
        "INSERT INTO acquaintance (account_id, address_hash, first_ms)"
        " SELECT m.account_id, r.address_hash, ? FROM recipient AS r JOIN message AS m ON m.id = r.message_id"
        " WHERE r.id = ? AND m.credential_id > 0 ON CONFLICT DO NOTHING",
        (now_ms - _DAY_MS, recipient_id),
    )


def forget_met(db: sqlite3.Connection, account_id: int, before_ms: int) -> None:
    """Whom the account wrote to first before `before_ms` is a stranger again: some now, the others the next times."""
    old = "SELECT address_hash FROM acquaintance WHERE account_id = ?1 AND first_ms < ?2 ORDER BY first_ms LIMIT 100"
    db.execute(f"DELETE FROM acquaintance WHERE account_id = ?1 AND address_hash IN ({old})", (account_id, before_ms))


def _mapped(read: Callable[[], Read]) -> Read:
    try:
        return read()
    except sqlite3.Error as error:
        raise map_error(error) from error
