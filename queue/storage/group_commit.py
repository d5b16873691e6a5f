"""Group commit: many operations share one transaction.

Owns   the only write connection to queue.db, BEGIN, COMMIT, and their order.
Knows  nothing of tables: an operation is a function of the connection.

Statements run in the event loop's thread, where each costs microseconds and no second thread fights for the
interpreter lock; only a COMMIT that waits for the disk runs in a thread, and new operations gather meanwhile.
Operations have no savepoint of their own (SQLite would copy every page they touch): when one fails, all is rolled back
and they are run once more, each within one. (Figures: ARCHITECTURE.md, "Decisions"; docs/benchmarks.md.)

Invariants
    Q1  An operation is told to have succeeded only after the COMMIT that contains it returned.
        A failing operation is undone and fails alone; a failing COMMIT fails all its operations.
    An operation may run twice, so it changes nothing but the database and caches that `on_rollback` clears.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from ...mta.crashpoint import reach
from ..histogram import Histogram
from .commit_thread import CommitThread
from .database import StorageBusy, StorageError, map_error
from .write_ahead_log import WriteAheadLog

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]
Done = Callable[[Any, Exception | None], None]
"""Called after the commit with the operation's result, or with why it failed."""

_Batch = list[tuple[Operation[Any], Done]]
_Results = list[tuple[Any, Exception | None]]

_log = logging.getLogger("youtong.queue")
_BUSY_TRIES = 40
_BUSY_PAUSE_SECONDS = 0.05
_MAX_OPERATIONS = 400  # bounds how long one transaction keeps the loop busy


class GroupCommit:
    """Runs operations in the order they were submitted."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._log = WriteAheadLog(connection)
        self._waiting: deque[tuple[Operation[Any], Done]] = deque()
        self._thread = CommitThread("commit")
        self._is_busy = False
        self._idle: list[asyncio.Future[None]] = []
        self._forget: list[Callable[[], None]] = []
        self._finish: list[Callable[[], None]] = []
        self.commits = 0
        self.times = Histogram()
        """How long commits took that wrote something."""
        self.longest_seconds = 0.0
        """What the statements of one transaction took at most: so long the loop did nothing else."""

    def on_rollback(self, forget: Callable[[], None]) -> None:
        """`forget` is called whenever something was rolled back, for caches of what was read or written."""
        self._forget.append(forget)

    def before_commit(self, write: Callable[[], None]) -> None:
        """`write` is called after the operations of each transaction, and is part of it: what they gathered."""
        self._finish.append(write)

    def submit(self, operation: Operation[T]) -> "asyncio.Future[T]":
        """Queue an operation. The future fails with StorageError, or with what the operation raised."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.add(operation, partial(_resolve, future))
        return future

    def add(self, operation: Operation[Any], done: Done) -> None:
        """Queue an operation; `done` is called in any case, also when whoever waited for it went away."""
        self._waiting.append((operation, done))
        if not self._is_busy:
            self._is_busy = True  # sessions that are ready now join this transaction
            asyncio.get_running_loop().call_soon(self._transact, _BUSY_TRIES)

    async def copy_log(self) -> None:
        """Copy what the log has into the database, soon and between two transactions. Raises StorageError."""
        self._log.is_wanted = True
        await self.submit(lambda _: None)

    @property
    def longest_copy_seconds(self) -> float:
        """Of the log into the database: so long no transaction began."""
        return self._log.longest_seconds

    @property
    def is_busy(self) -> bool:
        """Whether something waits or is under way."""
        return self._is_busy

    async def idle(self) -> None:
        """Until what was submitted is finished; whoever was answered then may submit more."""
        if self._is_busy:
            idle = asyncio.get_running_loop().create_future()
            self._idle.append(idle)
            await idle

    async def close(self) -> None:
        """Finish what was submitted, then close the connection."""
        while self._is_busy:
            await self.idle()
        self.abort()

    def abort(self) -> None:
        """Close the connection; what still waits is never told."""
        self._thread.close()
        self._connection.close()

    # -- one transaction ------------------------------------------------------------------------------------------

    def _transact(self, tries: int) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")  # busy_timeout is 0: answers at once
        except sqlite3.Error as error:
            self._not_begun(map_error(error), tries - 1)
            return
        batch = self._next_batch()
        changes = self._connection.total_changes
        began = time.perf_counter()
        try:
            results = self._run(batch)
        except (sqlite3.Error, StorageError) as error:
            self._end(batch, [], map_error(error) if isinstance(error, sqlite3.Error) else error)
            return
        self.longest_seconds = max(self.longest_seconds, time.perf_counter() - began)
        reach("commit.before")
        if self._connection.total_changes == changes:  # only read: nothing goes to the disk
            self._end(batch, results, self._commit())
        else:
            self._thread.run(self._timed_commit, partial(self._end, batch, results))

    def _next_batch(self) -> _Batch:
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), _MAX_OPERATIONS))]

    def _not_begun(self, error: StorageError, tries: int) -> None:
        if isinstance(error, StorageBusy) and tries:
            asyncio.get_running_loop().call_later(_BUSY_PAUSE_SECONDS, self._transact, tries)
            return
        self._end(self._next_batch(), [], error)

    def _timed_commit(self) -> sqlite3.Error | None:
        began = time.perf_counter()
        error = self._commit()
        self.times.add(time.perf_counter() - began)
        return error

    def _commit(self) -> sqlite3.Error | None:
        try:
            self._connection.commit()
        except sqlite3.Error as error:
            return error
        return None

    def _end(self, batch: _Batch, results: _Results, error: sqlite3.Error | StorageError | None) -> None:
        if error is not None:
            self._rollback()
            fault = map_error(error) if isinstance(error, sqlite3.Error) else error
            _tell(batch, [(None, fault)] * len(batch))
            self._go_on()
            return
        reach("commit.after")
        self.commits += 1
        _tell(batch, results)
        if self._log.is_long:
            self._thread.run(self._log.copy, lambda _: self._go_on())
        else:
            self._go_on()

    def _go_on(self) -> None:
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._transact, _BUSY_TRIES)
            return
        self._is_busy = False
        waiting, self._idle = self._idle, []
        for each in waiting:
            _resolve(each, None, None)

    # -- operations -----------------------------------------------------------------------------------------------

    def _run(self, batch: _Batch) -> _Results:
        """Raises sqlite3.Error or StorageError when nothing of the batch can be kept."""
        try:
            results: _Results = [(operation(self._connection), None) for operation, _ in batch]
            self._finish_all()
            return results
        except Exception as error:  # noqa: BLE001 - the bulkhead of an operation; its caller gets the exception
            lost = not self._connection.in_transaction  # a full disk may end the whole transaction
            self._rollback()
            if len(batch) == 1 and not lost:
                self._connection.execute("BEGIN IMMEDIATE")
                return [(None, _ours(error))]
        self._connection.execute("BEGIN IMMEDIATE")
        return [self._run_alone(operation) for operation, _ in batch]

    def _run_alone(self, operation: Operation[Any]) -> tuple[Any, Exception | None]:
        self._connection.execute("SAVEPOINT operation")
        try:
            result = operation(self._connection)
            self._finish_all()  # here: the fault of a later one makes all caches forget
        except Exception as error:  # the bulkhead of one operation; its caller gets the exception
            if not self._connection.in_transaction:
                raise error if isinstance(error, sqlite3.Error) else StorageError(str(error)) from error
            self._connection.execute("ROLLBACK TO operation")
            self._connection.execute("RELEASE operation")
            self._forget_all()
            return None, _ours(error)
        self._connection.execute("RELEASE operation")
        return result, None

    def _rollback(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.rollback()
        self._forget_all()

    def _finish_all(self) -> None:
        for finish in self._finish:
            finish()

    def _forget_all(self) -> None:
        for forget in self._forget:
            forget()


def _tell(batch: _Batch, results: _Results) -> None:
    for (_, done), (result, fault) in zip(batch, results, strict=True):
        try:
            done(result, fault)
        except Exception:  # noqa: BLE001 - the bulkhead of one caller: the next transaction must come
            _log.exception("internal fault after a commit")


def _ours(error: Exception) -> Exception:
    return map_error(error) if isinstance(error, sqlite3.Error) else error


def _resolve(future: "asyncio.Future[Any]", result: object, fault: Exception | None) -> None:
    if future.done():
        return
    if fault is None:
        future.set_result(result)
    else:
        future.set_exception(fault)
