"""The composition root of a delivery worker.

`python -m youtong.admin.serve_worker SNAPSHOT CONFIG SLOT INCARNATION FD`

Owns   reading the configuration, making the worker's parts, its socket to the owner, and its end.
Knows  no rule. It acts on the owner's word or when the owner is gone (EOF), never on SIGTERM or SIGINT (DESIGN §5).
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from typing import Any, assert_never

from ..mta.clock import Clock, SystemClock
from ..mta.delivery.dialogue import Keeping
from ..mta.delivery.egress import EgressSource, LaneLimits
from ..mta.delivery.host_memory import HostMemory
from ..mta.delivery.lane import Lane
from ..mta.delivery.timeouts import Timeouts
from ..mta.dkim.keyring import KeyFileError
from ..mta.frames import FrameReader
from ..queue.address_keys import read_keys
from ..queue.contents.content import ContentKind, ContentKinds, ContentSource, SubmittedContent
from ..queue.contents.template import TemplateContent
from ..queue.protocol import (
    Committed,
    Forget,
    Halt,
    Handover,
    Hello,
    LaneKey,
    Recall,
    Reload,
    Stop,
    WorkerSays,
    frame,
    from_owner,
)
from ..queue.signed_address import AddressSigner
from ..queue.workers.marks import MarkFile, mark_path
from ..queue.workers.worker import Worker
from ..queue.workers.workerjob import ContentMaker
from . import snapshot
from .config import Config, ConfigError
from .control import Answer, ControlServer, socket_path
from .event_loop import run
from .logs import start_logging
from .signing import RingSigner, read_ring

_log = logging.getLogger("youtong.worker")


class OwnerLink(asyncio.Protocol):
    """The worker's end of the socket pair."""

    def __init__(self, config: Config, incarnation: int) -> None:
        self._config = config
        self._clock = SystemClock()
        self._reader = FrameReader()
        self._transport: asyncio.WriteTransport | None = None
        self._signer = RingSigner(read_ring(config), self._clock)
        marks = MarkFile(mark_path(config.server.data_dir / "run", incarnation))
        addresses = address_signer(config)
        self._maker = ContentMaker(ContentKinds(content_sources(config, addresses)), self._signer, marks)
        self._host_memory = HostMemory(self._clock)
        self._keeping = keeping_of(config, self._clock)
        verp = addresses.verp if addresses is not None else str
        self.worker = Worker(self._say, self._make_lane, self._maker, marks, self._clock, verp)
        self._stopping: asyncio.Task[None] | None = None

    def _make_lane(self, key: LaneKey, source: EgressSource, limits: LaneLimits, worker: Worker) -> Lane:
        return Lane(
            key,
            source,
            port=delivery_port(self._config),
            limits=limits,
            timeouts=Timeouts(),
            clock=self._clock,
            host_memory=self._host_memory,
            events=worker,
            keeping=self._keeping,
        )

    # -- asyncio.Protocol -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # pyright: ignore[reportAttributeAccessIssue] - a socket's transport writes
        self._say(Hello(os.getpid()))

    def data_received(self, data: bytes) -> None:
        for body in self._reader.feed(data):
            self._hear(body)

    def connection_lost(self, exc: Exception | None) -> None:
        os._exit(0)  # the owner is gone: nothing more may be sent, and the marks say what may have been

    async def answer(self, question: dict[str, Any]) -> Answer:
        """What worker-N.sock says."""
        return {"role": "worker", "pid": os.getpid(), **self.worker.figures()}

    def _say(self, message: WorkerSays) -> None:
        assert self._transport is not None
        self._transport.write(frame(message))

    def _hear(self, body: bytes) -> None:
        message = from_owner(body)
        match message:
            case Handover():
                self.worker.take(message)
            case Recall():
                self.worker.recall(message.tokens)
            case Halt():
                self.worker.halt(message)
            case Committed():
                self.worker.committed(message.reports)
            case Forget():
                self.worker.forget(message.lanes, message.number)
            case Reload():
                self._reload()
            case Stop():
                self._stopping = asyncio.get_running_loop().create_task(self._stop())
            case _:
                assert_never(message)

    def _reload(self) -> None:
        try:
            self._config = snapshot.read(*snapshot.arguments(self._config))
            self._signer.ring = read_ring(self._config)
        except (ConfigError, KeyFileError, OSError) as error:
            _log.error("reload refused, the old keys stay error=%s", error)
            return
        self._maker.forget()

    async def _stop(self) -> None:
        await self.worker.stop()
        assert self._transport is not None
        self._transport.close()  # what was written goes out first; then connection_lost ends the process


def address_signer(config: Config) -> AddressSigner | None:
    """What makes reverse-paths and Message-IDs of ours; the owner made the first key before it started us."""
    keys = read_keys(config.server.data_dir / "keys")
    return AddressSigner(keys) if keys else None


def content_sources(config: Config, names: AddressSigner | None) -> dict[ContentKind, ContentSource]:
    """Who makes letters of which kind of content."""
    spool = config.server.data_dir / "spool"
    return {ContentKind.SUBMITTED: SubmittedContent(spool), ContentKind.TEMPLATE: TemplateContent(spool, names)}


def keeping_of(config: Config, clock: Clock) -> Keeping:
    """Whose dialogues are told to the owner; none where it would not keep them."""
    delivery = config.delivery
    if not delivery.keep_dialogues:
        return Keeping(clock, every=0, per_second=0)
    return Keeping(clock, every=delivery.dialogue_sample)


def delivery_port(config: Config) -> int:
    redirect = config.delivery.redirect_all_to
    return redirect.port if redirect is not None else config.delivery.port


async def _serve(config: Config, slot: int, incarnation: int, fd: int) -> None:
    connection = socket.socket(fileno=fd)
    connection.setblocking(False)
    link = OwnerLink(config, incarnation)
    control = ControlServer(socket_path(config.server.data_dir, f"worker-{slot}"), link.answer)
    await control.start()
    await asyncio.get_running_loop().create_connection(lambda: link, sock=connection)
    await link.worker.run_sweeps()


def main() -> None:
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    configuration, path, slot, incarnation, fd = sys.argv[1:6]
    start_logging()
    run(_serve(snapshot.read(configuration, path), int(slot), int(incarnation), int(fd)))


if __name__ == "__main__":
    main()
