"""Asking about streams: the running owner, or us as the owner when none runs.

Owns   the choice between the two ways, for a whole conversation of questions.
Knows  no verb of the command line. What a stopped stream still has waiting is cancelled by the next server.
"""

import asyncio
from collections.abc import Callable, Generator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from ..mta.clock import Clock
from ..queue.streams.streams import Streams
from . import control
from .control import Answer, NotRunning
from .owning import Owned, owning
from .stream_control import StreamControl, StreamQuestion

Ask = Callable[[StreamQuestion], Answer]
"""One question, one answer. Raises Refused, StorageError."""


@contextmanager
def asking(data_dir: Path, clock: Clock) -> Generator[Ask]:
    """Raises StorageError, and DataDirInUse while a server starts or stops."""
    try:
        control.ask(data_dir, "owner", {"verb": "status"})
    except NotRunning:
        with _as_owner(data_dir, clock) as ask:
            yield ask
    else:
        yield lambda question: control.ask(data_dir, "owner", _said(question))


def _said(question: StreamQuestion) -> dict[str, Any]:
    return {"verb": "stream", **msgspec.to_builtins(question)}


@contextmanager
def _as_owner(data_dir: Path, clock: Clock) -> Generator[Ask]:
    with asyncio.Runner() as runner:
        life = AsyncExitStack()
        owned: Owned = runner.run(life.enter_async_context(owning(data_dir, clock)))
        try:
            streams = Streams(owned.commits, owned.store, lambda _pair, _domain: None, clock)
            answers = StreamControl(streams)
            yield lambda question: runner.run(answers.answer(_said(question)))
        finally:
            runner.run(life.aclose())
