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
from ..queue.address_keys import open_signer
from ..queue.return_paths import ReturnPath, WhyKept
from ..queue.streams.feedback_ids import FeedbackIds
from ..queue.streams.streams import Streams
from . import control
from .accounts import AccountDirectory
from .accounts.directory import Snapshot
from .control import Answer, NotRunning
from .owning import Owned, owning
from .store import AppDatabase
from .stream_control import StreamControl, StreamQuestion

Ask = Callable[[StreamQuestion], Answer]
"""One question, one answer. Raises Refused, StorageError."""


@contextmanager
def asking(data_dir: Path, hostname: str, clock: Clock) -> Generator[Ask]:
    """Raises StorageError, StoreError, and DataDirInUse while a server starts or stops."""
    try:
        control.ask(data_dir, "owner", {"verb": "status"})
    except NotRunning:
        with _as_owner(data_dir, hostname, clock) as ask:
            yield ask
    else:
        yield lambda question: control.ask(data_dir, "owner", _said(question))


def _said(question: StreamQuestion) -> dict[str, Any]:
    return {"verb": "stream", **msgspec.to_builtins(question)}


@contextmanager
def _as_owner(data_dir: Path, hostname: str, clock: Clock) -> Generator[Ask]:
    with asyncio.Runner() as runner:
        life = AsyncExitStack()
        owned: Owned = runner.run(life.enter_async_context(owning(data_dir, clock)))
        try:
            streams = Streams(
                owned.commits,
                owned.store,
                lambda _pair, _domain: None,
                clock,
                return_paths=_AskedByTheServer(runner.run(_accounts(data_dir, clock))),
                feedback_id=FeedbackIds(open_signer(data_dir / "keys"), hostname).value,
            )
            answers = StreamControl(streams)
            yield lambda question: runner.run(answers.answer(_said(question)))
        finally:
            runner.run(life.aclose())


class _AskedByTheServer:
    """Implements ReturnPaths without asking where an MX leads: a server pauses what would have no way back."""

    def __init__(self, accounts: Snapshot) -> None:
        self._accounts = accounts

    def choose(self, account_id: int, author_domain: str) -> ReturnPath:
        if self._accounts.has_verp(account_id):
            return ReturnPath(author_domain)
        return ReturnPath(kept=WhyKept.SWITCHED_OFF)

    def leading(self, author_domain: str) -> ReturnPath:
        return ReturnPath(author_domain)


async def _accounts(data_dir: Path, clock: Clock) -> Snapshot:
    database = await AppDatabase.open(data_dir / "app.db")
    try:
        return (await AccountDirectory.open(database, clock)).now
    finally:
        await database.close()
