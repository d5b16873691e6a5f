"""The owner in the test's own process, with a clock that the test moves; its workers are real processes.

Run as a script it serves a stream of bulk mail, which nothing in the product makes yet:
`python owner_here.py DOMAIN COUNT CONFIG`.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from youtong.admin.accounts import ensure_operator
from youtong.admin.config import load
from youtong.admin.serve import OwnerServer
from youtong.admin.store import AppDatabase
from youtong.mta.clock import Clock, SystemClock
from youtong.queue.streams.streams import NewStream, StreamRecipient

_DAY_MS = 86_400_000
_HEAD = b"From: <news@load.test>\r\nSubject: to {{name}}\r\nMessage-ID: <{{name}}@load.test>\r\n\r\n"


class MovedClock:
    """Implements Clock: the machine's, moved by a test."""

    def __init__(self) -> None:
        self._wall_ms = 0
        self._monotonic = 0.0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._wall_ms

    def monotonic(self) -> float:
        return time.monotonic() + self._monotonic

    def advance(self, seconds: float) -> None:
        """Time passes on both clocks."""
        self.jump(seconds)
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self._wall_ms += round(seconds * 1000)


@asynccontextmanager
async def owner_here(config_file: Path, clock: Clock | None = None) -> AsyncIterator[OwnerServer]:
    config = load(config_file)
    app = await AppDatabase.open(config.server.data_dir / "app.db")
    try:
        await ensure_operator(app, clock or SystemClock())
    finally:
        await app.close()
    server = OwnerServer(config, clock)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def enqueue_stream(server: OwnerServer, addresses: list[str]) -> int:
    """A stream of bulk mail to these; its id."""
    new = NewStream(1, "news", "news@load.test", _HEAD, b"News for {{name}}.\r\n", 3 * _DAY_MS, keeps_path=True)
    stream_id = await server.dispatcher.streams.make(new)
    recipients = [StreamRecipient(each, each, {"name": each.partition("@")[0]}) for each in addresses]
    await server.dispatcher.streams.enqueue(stream_id, recipients)
    return stream_id


def _arm(death: str) -> None:
    Path(os.environ["YOUTONG_CRASH_FILE"]).write_text(death, encoding="ascii")


async def _serve_a_stream(domain: str, count: int, death: str, config_file: Path) -> None:
    """`death` ("point:times") is armed when the recipients are committed: how many commits that took is no matter."""
    async with owner_here(config_file) as server:
        await enqueue_stream(server, [f"reader{number}@{domain}" for number in range(count)])
        _arm(death)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve_a_stream(sys.argv[1], int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])))
