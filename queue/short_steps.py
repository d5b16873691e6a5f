"""ShortSteps: housekeeping in steps so short that no 250 waits for one, and never more than a share of the time.

Owns   the length of a step (STEP_SECONDS of statements, then the step ends), the rest after it, and how long the
       longest took.
Knows  nothing of what a step does: it is an operation of GroupCommit that asks `is_over` after each small piece.

A step shares the transaction of whatever else is submitted, so what it adds to a 250 is its own time and what its
pages cost the COMMIT.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from .storage.group_commit import GroupCommit

T = TypeVar("T")
IsOver = Callable[[], bool]
Step = Callable[[sqlite3.Connection, IsOver], T]

STEP_SECONDS = 0.005
_REST = 9  # times as long as a step took with its COMMIT: a tenth of the time at most
_LONGEST_REST_SECONDS = 2.0


class ShortSteps:
    def __init__(self, commits: GroupCommit, rest: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._commits, self._rest = commits, rest
        self.longest: dict[str, float] = {}
        """Seconds of statements that the longest step of each kind took: for metrics."""

    async def do(self, kind: str, step: Step[T]) -> T:
        """Do it, then rest. Raises StorageError, and what the step raises."""
        began = time.perf_counter()
        result = await self._commits.submit(lambda db: self._measured(kind, db, step))
        await self._rest(min(_REST * (time.perf_counter() - began), _LONGEST_REST_SECONDS))
        return result

    def _measured(self, kind: str, db: sqlite3.Connection, step: Step[T]) -> T:
        began = time.perf_counter()
        end = began + STEP_SECONDS
        try:
            return step(db, lambda: time.perf_counter() >= end)
        finally:
            self.longest[kind] = max(self.longest.get(kind, 0.0), time.perf_counter() - began)
