"""The event loop of every process: uvloop where it exists.

Owns   that one choice, the garbage collector's pace (what start-up made lives on and is not walked again), and how many
       files and sockets the process may have.
"""

import asyncio
import contextlib
import gc
import resource
from collections.abc import Coroutine
from typing import TypeVar

try:
    import uvloop
except ImportError:  # not on this platform
    uvloop = None

T = TypeVar("T")
_YOUNG_OBJECTS = 20_000  # between collections; a message makes some hundred short-lived ones, hardly any in cycles
_FILES = 65_536  # the usual soft limit of 1,024 is less than the sessions of one listener, or the lanes of a worker


def allow_many_files() -> None:
    """As many as we may have: with none left, a connect of ours would fail and look like the receiver's fault (Q5)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run(work: Coroutine[None, None, T]) -> T:
    """Run `work` in a fresh loop until it ends."""
    allow_many_files()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 50)
    if uvloop is None:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
