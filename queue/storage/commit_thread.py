"""The thread that waits for the disk, so that the event loop need not.

Owns   one thread and the way of a step to it and of its result back into the loop.
Knows  nothing of databases. Half the cost of `run_in_executor`: no future of the thread's own, no lock but the queue's.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class CommitThread:
    """Runs steps one after the other."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._steps: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, step: Callable[[], T], then: Callable[[T], Any]) -> None:
        """Run `step`, which must not raise, in the thread, and then `then` with its result in this event loop."""
        loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            self._thread.start()
        self._steps.put(lambda: _run(step, then, loop))

    def close(self) -> None:
        """Finish what was given, then end."""
        if self._thread is not None:
            self._steps.put(None)
            self._thread.join()
            self._thread = None

    def _serve(self) -> None:
        while (step := self._steps.get()) is not None:
            step()


def _run(step: Callable[[], T], then: Callable[[T], Any], loop: asyncio.AbstractEventLoop) -> None:
    result = step()
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(then, result)
