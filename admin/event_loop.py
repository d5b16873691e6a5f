"""The event loop of every process: uvloop where it exists.

Owns   that one choice, and the garbage collector's pace: what start-up made lives on and is not walked again.
"""

import asyncio
import gc
from collections.abc import Coroutine
from typing import TypeVar

try:
    import uvloop
except ImportError:  # not on this platform
    uvloop = None

T = TypeVar("T")
_YOUNG_OBJECTS = 20_000  # between collections; a message makes some hundred short-lived ones, hardly any in cycles


def run(work: Coroutine[None, None, T]) -> T:
    """Run `work` in a fresh loop until it ends."""
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 50)
    if uvloop is None:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
