"""Acquaintances: whom an account has written to, and how many of them for the first time within a day.

Owns   the question "is this a stranger?", and writing down who no longer is.
Knows  no limit and no session. An address is its 32-bit hash: at 100,000 acquaintances one stranger in 40,000 passes
       for one.

Invariants
    Only what is sent makes an acquaintance: strangers of a message that is held stay strangers until somebody
    releases it.
    Growth is bounded: an account meets no more in a day than its limit, and forgets after MEMORY_MS.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable
from typing import Protocol

from ...mta.clock import Clock
from ..storage import people
from ..storage.group_commit import GroupCommit
from .allowances import Span
from .usage import Recent, Tally, moment_of

_log = logging.getLogger("youtong.queue")
MEMORY_MS = 400 * 86_400_000  # longer than what is written once a year


class MetBefore(Protocol):
    """What the store has. Raises StorageError."""

    def met_since(self, account_id: int, since_ms: int) -> list[tuple[int, int]]: ...

    def known(self, account_id: int, address_hashes: Iterable[int]) -> set[int]: ...


class Circle:
    """One account's."""

    def __init__(self) -> None:
        self.met = Tally(Span.DAY)  # how many strangers it wrote to
        self.coming: set[int] = set()  # those of messages that are being accepted; not in `met` yet
        self.unwritten: set[int] = set()  # in `met`, and their rows are on their way to the disk

    @property
    def is_busy(self) -> bool:
        return bool(self.coming or self.unwritten)


class Acquaintances:
    def __init__(self, store: MetBefore, commits: GroupCommit, clock: Clock) -> None:
        self._store, self._commits, self._clock = store, commits, clock
        self._circles = Recent(circle_reader(store, clock))

    def strangers(self, account_id: int, address_hashes: Iterable[int]) -> set[int]:
        """Those the account has never written to, nor is writing to this moment. Raises StorageError."""
        asked = set(address_hashes)
        circle = self._circles.of(account_id)
        return asked - self._store.known(account_id, asked) - circle.coming - circle.unwritten

    def met_within_a_day(self, account_id: int) -> int:
        """Strangers that were written to, or are this moment. Raises StorageError."""
        circle = self._circles.of(account_id)
        return circle.met.total(self._clock.monotonic()) + len(circle.coming)

    def begin(self, account_id: int, strangers: set[int]) -> None:
        """A message to them is being accepted: they count as met. Always followed by `end`."""
        self._circles.of(account_id).coming.update(strangers)

    def end(self, account_id: int, strangers: set[int], *, accepted: bool) -> None:
        """Its commit is over. They are written down without waiting: lost in a crash, they are strangers once more."""
        circle = self._circles.of(account_id)
        circle.coming -= strangers
        if not accepted or not strangers:
            return
        now_ms = self._clock.now_ms()
        circle.met.add(self._clock.monotonic(), len(strangers))
        circle.unwritten |= strangers
        written = self._commits.submit(lambda db: _write(db, account_id, strangers, now_ms))
        written.add_done_callback(lambda future: _written(future, circle, strangers))


def circle_reader(store: MetBefore, clock: Clock) -> Callable[[int], Circle]:
    """How an account's circle is read."""

    def read(account_id: int) -> Circle:
        circle = Circle()
        for at_ms, count in store.met_since(account_id, clock.now_ms() - 1000 * Span.DAY):
            circle.met.add(moment_of(at_ms, clock), count)
        return circle

    return read


def _write(db: sqlite3.Connection, account_id: int, strangers: set[int], now_ms: int) -> None:
    people.meet(db, account_id, strangers, now_ms)
    people.forget_met(db, account_id, now_ms - MEMORY_MS)


def _written(future: asyncio.Future[None], circle: Circle, strangers: set[int]) -> None:
    circle.unwritten -= strangers
    if (error := future.exception()) is not None:
        _log.warning("acquaintances not written down error=%s", error)
