"""The fleet: worker processes, their sockets, their lives and deaths.

Owns   starting workers (the command is given), handing over, hearing reports, noticing deaths, stopping.
Knows  nothing of recipients; what a death means is told through `FleetListener`.

Invariants
    Q2  a slot has one living incarnation; its leases are given up only after the process was waited for.
    Q4  a lane is in one slot; it moves when its worker died, or gave it up (queue.lanes.moving).
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ...mta.clock import Clock
from ...mta.frames import FrameReader
from ..incarnation import incarnation_of
from ..lanes.lanes import Lane
from ..protocol import (
    Halted,
    Hello,
    LaneKey,
    LaneSettings,
    OwnerSays,
    Recall,
    Reload,
    Report,
    Stop,
    WorkerSays,
    frame,
    from_worker,
)
from ..transactions import Leased
from .halting import Halts
from .outbox import Outbox

_log = logging.getLogger("youtong.queue")
_RESTART_SECONDS = 1.0
_SOCKET_BYTES = 1 << 20


class FleetListener(Protocol):
    async def new_incarnation(self) -> int:
        """A number for a worker about to be started, committed."""
        ...

    def heard(self, report: Report, committed: Callable[[], None]) -> None: ...

    async def died(self, slot: int, dead: int) -> None:
        """The process was waited for and all it said was heard: whatever it held is settled when this returns."""
        ...

    def ready(self) -> None:
        """A worker takes leases now."""
        ...


class WorkerLink(asyncio.Protocol):
    """The owner's end of one worker."""

    def __init__(self, heard: Callable[["WorkerLink", WorkerSays], None]) -> None:
        self.is_ready = False
        self.ended = asyncio.Event()
        self._heard = heard
        self._reader = FrameReader()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # pyright: ignore[reportAttributeAccessIssue] - a socket's transport writes

    def data_received(self, data: bytes) -> None:
        for body in self._reader.feed(data):
            self._heard(self, from_worker(body))

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()

    def say(self, message: OwnerSays) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame(message))


class _Life:
    """One incarnation in a slot."""

    def __init__(self, incarnation: int, link: WorkerLink, process: asyncio.subprocess.Process, clock: Clock) -> None:
        self.incarnation, self.link, self.process = incarnation, link, process
        self.outbox = Outbox(link.say, clock)
        self.load = 0.0  # queue.lanes.moving says what that is


class ProcessFleet:
    """Implements queue.lanes.leasing.Fleet."""

    def __init__(self, size: int, command: Callable[[int, int, int], list[str]], clock: Clock) -> None:
        """`command(slot, incarnation, fd)` is the argument list of a worker process."""
        self._size, self._command, self._clock = size, command, clock
        self._lives: dict[int, _Life] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = False
        self._halts = Halts()

    def start(self, listener: FleetListener) -> None:
        """Keep every slot alive until `stop`."""
        self._keepers = [asyncio.create_task(self._keep(slot, listener)) for slot in range(self._size)]

    def assign(self) -> int | None:
        ready = [slot for slot, life in self._lives.items() if life.link.is_ready]
        slot = min(ready, key=lambda each: self._lives[each].load, default=None)
        if slot is not None:
            self._lives[slot].load += 1.0
        return slot

    def incarnation(self, slot: int) -> int | None:
        life = self._lives.get(slot)
        return life.incarnation if life is not None and life.link.is_ready else None

    def pids(self) -> dict[int, int]:
        """Process ids by slot."""
        return {slot: life.process.pid for slot, life in self._lives.items()}

    def hand_over(self, slot: int, lane: Lane, leased: Leased) -> None:
        self._lives[slot].outbox.add(lane, leased)

    def update(self, slot: int, settings: LaneSettings) -> None:
        self._lives[slot].outbox.update(settings)

    def forget(self, lanes: Sequence[tuple[int, LaneKey]], number: int = 0) -> None:
        for slot, life in self._lives.items():
            keys = [key for of, key in lanes if of == slot]
            if keys:
                life.outbox.forget(keys, number)

    def slots(self) -> Sequence[int]:
        return [slot for slot, life in self._lives.items() if life.link.is_ready]

    def weigh(self, loads: Mapping[int, float]) -> None:
        """How much each slot has to do now; lanes assigned later are added by `assign`."""
        for slot, life in self._lives.items():
            life.load = loads.get(slot, 0.0)

    def recall(self, tokens: list[int]) -> None:
        """Ask for these leases back; those that have not started come as returned."""
        for life in self._lives.values():
            mine = [token for token in tokens if incarnation_of(token) == life.incarnation]
            if mine:
                life.link.say(Recall(mine))

    async def halt(self, flows: list[int]) -> None:
        """No MAIL for these flows, the whole set each time. Returns when they heard it (queue.workers.halting)."""
        lives = {life.incarnation: life for life in self._lives.values() if life.link.is_ready}
        if (message := self._halts.say(flows, lives)) is not None:
            for life in lives.values():
                life.link.say(message)
        await self._halts.answered()

    def reload(self) -> None:
        for life in self._lives.values():
            life.link.say(Reload())

    async def stop(self, seconds: float) -> None:
        """Ask every worker to end; after `seconds` they are killed. Their last reports are heard."""
        self._stopping = True
        for life in self._lives.values():
            life.link.say(Stop())
        if self._keepers:
            _, late = await asyncio.wait(self._keepers, timeout=seconds)
            for life in self._lives.values():
                if late and life.process.returncode is None:
                    life.process.kill()
            await asyncio.gather(*self._keepers, return_exceptions=True)

    async def _keep(self, slot: int, listener: FleetListener) -> None:
        while not self._stopping:
            try:
                await self._one_life(slot, listener)
            except Exception:  # noqa: BLE001 - the bulkhead of one slot: the next life may do better
                _log.exception("worker could not be kept slot=%d", slot)
            if not self._stopping:
                await asyncio.sleep(_RESTART_SECONDS)

    async def _one_life(self, slot: int, listener: FleetListener) -> None:
        incarnation = await listener.new_incarnation()
        life = await self._spawn(slot, incarnation, listener)
        self._lives[slot] = life
        try:
            if self._stopping:
                life.link.say(Stop())
            code = await life.process.wait()
            await life.link.ended.wait()  # all it said is read
        finally:
            life.outbox.close()
            del self._lives[slot]
            self._halts.gone(incarnation)
        if not self._stopping:
            _log.error("worker died slot=%d pid=%d code=%s", slot, life.process.pid, code)
        await listener.died(slot, incarnation)

    async def _spawn(self, slot: int, incarnation: int, listener: FleetListener) -> _Life:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await self._execute(slot, incarnation, ours, theirs)
            except BaseException:
                ours.close()
                raise
        ours.setblocking(False)
        link = WorkerLink(lambda link, message: self._heard(life, listener, message))
        life = _Life(incarnation, link, process, self._clock)
        await asyncio.get_running_loop().create_connection(lambda: link, sock=ours)
        return life

    async def _execute(
        self, slot: int, incarnation: int, ours: socket.socket, theirs: socket.socket
    ) -> asyncio.subprocess.Process:
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)
        return await asyncio.create_subprocess_exec(
            *self._command(slot, incarnation, theirs.fileno()), pass_fds=(theirs.fileno(),), start_new_session=True
        )

    def _heard(self, life: _Life, listener: FleetListener, message: WorkerSays) -> None:
        match message:
            case Hello():
                if self._halts.newest.flows:
                    life.link.say(self._halts.newest)
                life.link.is_ready = True
                listener.ready()
            case Halted():
                self._halts.heard(life.incarnation, message.number)
            case Report():
                listener.heard(message, lambda: life.outbox.committed(message.number))
