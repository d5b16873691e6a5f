"""The event loop of every process: uvloop where it exists.

Owns   that one choice.
"""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

try:
    import uvloop
except ImportError:  # not on this platform
    uvloop = None

T = TypeVar("T")


def run(work: Coroutine[None, None, T]) -> T:
    """Run `work` in a fresh loop until it ends."""
    if uvloop is None:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
