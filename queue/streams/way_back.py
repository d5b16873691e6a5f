"""The way back: a running stream whose bounces do not reach us any more is paused.

Owns   WayBackWatch: asking now and then about the domains of running streams.
Knows  no name system (queue.return_paths). A name server that does not answer pauses nothing, and what is on its way
       keeps its address.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ..return_paths import ReturnPath, ReturnPaths, WhyKept
from ..storage import stream_rows
from ..storage.database import StorageError
from ..storage.group_commit import GroupCommit

NO_WAY_BACK = "no-way-back"
"""The reason of its pause."""
_EVERY_SECONDS = 300.0
_SURE = frozenset({WhyKept.ELSEWHERE, WhyKept.NOBODYS, WhyKept.NOT_LISTENING})

_log = logging.getLogger("youtong.queue")


class WayBackWatch:
    def __init__(
        self, commits: GroupCommit, return_paths: ReturnPaths, hold: Callable[[int, str], Awaitable[None]]
    ) -> None:
        self._commits, self._return_paths, self._hold = commits, return_paths, hold

    async def run(self) -> None:
        """Until cancelled; the first look is at once, since streams are made while no server runs, too."""
        while True:
            try:
                await self.look()
            except StorageError as error:
                _log.warning("streams cannot be looked at error=%s", error)
            await asyncio.sleep(_EVERY_SECONDS)

    async def look(self) -> None:
        """Pause those that have lost their way back. Raises StorageError."""
        for stream_id, domain in await self._commits.submit(stream_rows.running_with_verp):
            path = self._return_paths.leading(domain)
            if not isinstance(path, ReturnPath):
                path = await path
            if path.kept in _SURE:
                await self._hold(stream_id, NO_WAY_BACK)
