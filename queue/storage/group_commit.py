"""Group commit: many operations share one transaction, each within a savepoint of its own.

Owns   the only write connection to queue.db, BEGIN, SAVEPOINT, COMMIT, and their order.
Knows  nothing of tables: an operation is a function of the connection.

Statements run in the event loop's thread, where each costs microseconds and no second thread fights for the
interpreter lock; only BEGIN and COMMIT, which may wait for a lock or for the disk, run in a thread. While they do, new
operations gather for the next transaction. (Figures: ARCHITECTURE.md, "Decisions".)

Invariants
    Q1  An operation's future succeeds only after the COMMIT that contains it returned.
        A failing operation is rolled back to its savepoint and fails alone; a failing COMMIT fails all its operations.
"""

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ...mta.crashpoint import reach
from .database import StorageBusy, StorageError, map_error

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]

_BUSY_TRIES = 40
_BUSY_PAUSE_SECONDS = 0.05
_MAX_OPERATIONS = 400  # bounds how long one transaction keeps the loop busy


class GroupCommit:
    """Runs operations in the order they were submitted."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._waiting: deque[tuple[Operation[Any], asyncio.Future[Any]]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._task: asyncio.Task[None] | None = None
        self._forget: list[Callable[[], None]] = []
        self.commits = 0

    def on_rollback(self, forget: Callable[[], None]) -> None:
        """`forget` is called whenever something was rolled back, for caches of what was read or written."""
        self._forget.append(forget)

    def submit(self, operation: Operation[T]) -> "asyncio.Future[T]":
        """Queue an operation. The future fails with StorageError, or with what the operation raised."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((operation, future))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._drain())
        return future

    async def close(self) -> None:
        """Finish what was submitted, then close the connection."""
        while self._task is not None:  # whoever was answered may have submitted more
            await self._task
        self._thread.shutdown()
        self._connection.close()

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(0)  # let the sessions that are ready now join this transaction
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MAX_OPERATIONS))]
                await self._transact(batch)
        finally:
            self._task = None

    async def _transact(self, batch: list[tuple[Operation[Any], "asyncio.Future[Any]"]]) -> None:
        try:
            await self._begin()
            done = [(future, *self._run(operation)) for operation, future in batch]
            reach("commit.before")
            await self._in_thread(self._connection.commit)
            reach("commit.after")
        except sqlite3.Error as error:
            self._rollback()
            _fail([future for _, future in batch], map_error(error))
            return
        except StorageError as error:
            self._rollback()
            _fail([future for _, future in batch], error)
            return
        self.commits += 1
        for future, result, fault in done:
            _resolve(future, result, fault)

    async def _begin(self) -> None:
        for _ in range(_BUSY_TRIES):
            try:
                self._connection.execute("BEGIN IMMEDIATE")  # busy_timeout is 0: answers at once
                return
            except sqlite3.OperationalError as error:
                if not isinstance(map_error(error), StorageBusy):
                    raise
            await asyncio.sleep(_BUSY_PAUSE_SECONDS)
        raise StorageBusy("another process holds queue.db")

    def _run(self, operation: Operation[Any]) -> tuple[Any, Exception | None]:
        self._connection.execute("SAVEPOINT operation")
        try:
            result = operation(self._connection)
        except Exception as error:  # the bulkhead of one operation; its caller gets the exception
            if not self._connection.in_transaction:  # a full disk may end the whole transaction
                raise error if isinstance(error, sqlite3.Error) else StorageError(str(error)) from error
            self._connection.execute("ROLLBACK TO operation")
            self._connection.execute("RELEASE operation")
            self._forget_all()
            return None, map_error(error) if isinstance(error, sqlite3.Error) else error
        self._connection.execute("RELEASE operation")
        return result, None

    async def _in_thread(self, function: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, function)

    def _rollback(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.rollback()
        self._forget_all()

    def _forget_all(self) -> None:
        for forget in self._forget:
            forget()


def _resolve(future: "asyncio.Future[Any]", result: object, fault: Exception | None) -> None:
    if future.done():
        return
    if fault is None:
        future.set_result(result)
    else:
        future.set_exception(fault)


def _fail(futures: "list[asyncio.Future[Any]]", error: Exception) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(error)
