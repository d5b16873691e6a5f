"""The reader of reports as the jobs process keeps it: one child, fed a message at a time.

Owns   the child's life: started when there is something to read, ended when it takes too long or dies, started again.
Knows  no report: octets in, a Reading out.

Invariants
    A message is tried TRIES times, for `seconds` at most; then it is unreadable, and the next one is read.
    The child ends with us: its input ends then.
"""

import asyncio
import contextlib
import logging
import sys

import msgspec

from .read_mail import Reading
from .reading_child import LENGTH

TRIES = 2
READ_SECONDS = 20.0
"""A thousand times what the longest message takes: only what hangs, or a machine that stands still, takes so long."""

_log = logging.getLogger("youtong.jobs")
_decoder = msgspec.json.Decoder(Reading)


class ReportReader:
    def __init__(self, config_file: str, command: list[str] | None = None, seconds: float = READ_SECONDS) -> None:
        """`command`: another child than ours, in tests."""
        self._command = command or [sys.executable, "-m", "youtong.admin.returns.reading_child", config_file]
        self._seconds = seconds
        self._child: asyncio.subprocess.Process | None = None

    async def read(self, octets: bytes) -> Reading | None:
        """What the message says; None when it cannot be read."""
        for _ in range(TRIES):
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._ask(octets)
            except (OSError, EOFError, TimeoutError, msgspec.DecodeError) as error:
                _log.warning("a message could not be read error=%s", error or type(error).__name__)
                await self.close()
        return None

    async def close(self) -> None:
        """End the child; the next message starts another, with the rules as they are then."""
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
            _close_pipes(child)

    async def _ask(self, octets: bytes) -> Reading:
        if self._child is None:
            self._child = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
        to, back = self._child.stdin, self._child.stdout
        assert to is not None
        assert back is not None
        to.write(LENGTH.pack(len(octets)))
        to.write(octets)
        await to.drain()
        (length,) = LENGTH.unpack(await back.readexactly(LENGTH.size))
        return _decoder.decode(await back.readexactly(length))


def _close_pipes(child: asyncio.subprocess.Process) -> None:
    if child.stdin is not None:
        child.stdin.close()
