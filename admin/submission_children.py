"""The processes that serve submission sessions, as the owner keeps them.

Owns   starting them with the listening sockets and one pair each, starting them again when they die, telling them to
       reload and to stop.
Knows  nothing of sessions or messages: what a child asks is answered by the link that `make_link` makes.

Invariants
    All children accept on the same sockets, so a connection waits for none of them in particular.
    A child is gone before the next owner binds its sockets (its life file, queue.incarnation).
    What a dead child was writing is swept once all it had offered is committed or refused.
"""

import asyncio
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from ..mta.submission.apart.answering import SessionsLink
from ..mta.submission.apart.frames import Reload, Stop
from ..mta.submission.counted import ListenerFigures, added
from ..mta.submission.doors import Doors
from ..queue.incarnation import LifeFile
from .submission_files import ChildFiles

_log = logging.getLogger("youtong.serve")
_RESTART_SECONDS = 1.0
_SOCKET_BYTES = 1 << 20
_LATE_SECONDS = 0.5  # beyond the grace of its sessions


class _Life:
    """One process in a slot."""

    def __init__(self, process: asyncio.subprocess.Process, link: SessionsLink, spool_prefix: str) -> None:
        self.process, self.link, self.spool_prefix = process, link, spool_prefix


class SubmissionChildren:
    """`command(files)` is the argument list of a child; `sweep(prefix)` takes what a dead one left from the spool."""

    def __init__(
        self,
        run_dir: Path,
        doors: Doors,
        command: Callable[[ChildFiles], list[str]],
        make_link: Callable[[], SessionsLink],
        sweep: Callable[[str], Awaitable[None]],
    ) -> None:
        self._run_dir, self._doors = run_dir, doors
        self._command, self._make_link, self._sweep = command, make_link, sweep
        self._lives: dict[int, _Life] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = False
        self._past = ListenerFigures()  # refusals of those that ended

    def start(self, count: int) -> None:
        """Keep so many alive until `stop`."""
        self._keepers = [asyncio.create_task(self._keep(slot)) for slot in range(count)]

    def pids(self) -> list[int]:
        """Of those that serve."""
        return [life.process.pid for life in self._lives.values() if life.link.serves]

    @property
    def figures(self) -> ListenerFigures:
        """Of all; refusals of those that ended are in it for good."""
        return added([self._past, *(life.link.figures for life in self._lives.values())])

    def reload(self) -> None:
        for life in self._lives.values():
            life.link.say(Reload())

    async def stop(self, grace_seconds: float) -> None:
        """Their sessions end as a listener's do; a child that is not gone soon after is killed."""
        self._stopping = True
        self._doors.close()
        for life in self._lives.values():
            life.link.say(Stop(grace_seconds))
        if not self._keepers:
            return
        _, late = await asyncio.wait(self._keepers, timeout=grace_seconds + _LATE_SECONDS)
        if not late:
            return
        for life in self._lives.values():
            if life.process.returncode is None:
                life.process.kill()
        _, never = await asyncio.wait(late, timeout=_LATE_SECONDS)
        for keeper in never:  # its messages wait for a commit that does not come: what they left, the next start sweeps
            keeper.cancel()

    async def _keep(self, slot: int) -> None:
        while not self._stopping:
            try:
                await self._one_life(slot)
            except Exception:  # noqa: BLE001 - the bulkhead of one slot: the next life may do better
                _log.exception("a submission process could not be kept slot=%d", slot)
            if not self._stopping:
                await asyncio.sleep(_RESTART_SECONDS)

    async def _one_life(self, slot: int) -> None:
        life = await self._spawn(slot)
        self._lives[slot] = life
        try:
            if self._stopping:
                life.link.say(Stop(0))
            code = await life.process.wait()
        finally:
            del self._lives[slot]
            self._past = added([self._past, ListenerFigures(refused=life.link.figures.refused)])
        if not self._stopping:
            _log.error("submission process died slot=%d pid=%d code=%s", slot, life.process.pid, code)
        await life.link.ended.wait()
        await self._sweep(life.spool_prefix)

    async def _spawn(self, slot: int) -> _Life:
        ours, theirs = socket.socketpair()
        prefix = f"{secrets.token_hex(6)}-"
        with theirs:
            try:
                process = await self._execute(slot, ours, theirs, prefix)
            except BaseException:
                ours.close()
                raise
        ours.setblocking(False)
        link = self._make_link()
        await asyncio.get_running_loop().create_connection(lambda: link, sock=ours)
        return _Life(process, link, prefix)

    async def _execute(
        self, slot: int, ours: socket.socket, theirs: socket.socket, prefix: str
    ) -> asyncio.subprocess.Process:
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)
        files = ChildFiles(theirs.fileno(), _numbers(self._doors.plain), _numbers(self._doors.tls), prefix)
        life = LifeFile(self._run_dir, f"submission-{slot}")
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command(files),
                pass_fds=(files.pair, life.fd, *files.plain, *files.tls),
                start_new_session=True,
            )
            life.name(process.pid)
        finally:
            life.close()
        return process


def _numbers(sockets: Sequence[socket.socket]) -> tuple[int, ...]:
    return tuple(each.fileno() for each in sockets)
