"""The answer to a command: now, or when something that was waited for is there.

Owns    `Later` and the type `Answer`.
Why     most commands are answered at once, and a task for each would cost more than the answer. Only what must wait
        (a login, a commit, memory, a handshake) says so, and only then does a session have something going on.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ..reply import Reply


class Later:
    """Something to wait for, and how its outcome becomes an answer (which may be to wait for something else).

    `then` gets the finished future and runs under the same bulkhead as a command. `outlives`: it goes on when the
    client has gone, and `then` is called all the same; anything else is cancelled, and `then` is not called.
    """

    __slots__ = ("awaited", "outlives", "then")

    def __init__(
        self,
        awaited: Awaitable[Any],
        then: "Callable[[asyncio.Future[Any]], Answer]" = asyncio.Future.result,
        *,
        outlives: bool = False,
    ) -> None:
        self.awaited, self.then, self.outlives = awaited, then, outlives


Answer = Reply | Later | None
"""None: all has been said, or nothing is to be said yet."""
