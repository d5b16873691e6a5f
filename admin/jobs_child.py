"""The jobs process as the owner keeps it: started, started again when it dies, ended by closing its pipe.

Owns   the child's life.
Knows  nothing of its work.
"""

import asyncio
import logging
import os
import sys

_log = logging.getLogger("youtong.serve")
_RESTART_SECONDS = 2.0


class JobsChild:
    def __init__(self, configuration: list[str]) -> None:
        self._configuration = configuration
        self._pipe = -1
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Close its pipe and wait for its end."""
        self._stopping = True
        self._close_pipe()
        if self._keeper is not None:
            await self._keeper

    async def _keep(self) -> None:
        while not self._stopping:
            process = await self._spawn()
            code = await process.wait()
            self._close_pipe()
            if not self._stopping:
                _log.error("jobs process ended code=%s, starting it again", code)
                await asyncio.sleep(_RESTART_SECONDS)

    async def _spawn(self) -> asyncio.subprocess.Process:
        theirs, self._pipe = os.pipe()
        try:
            arguments = [sys.executable, "-m", "youtong.admin.serve_jobs", *self._configuration, str(theirs)]
            return await asyncio.create_subprocess_exec(*arguments, pass_fds=(theirs,), start_new_session=True)
        finally:
            os.close(theirs)

    def _close_pipe(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
