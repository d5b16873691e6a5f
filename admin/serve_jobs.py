"""The composition root of the jobs process: `python -m youtong.admin.serve_jobs SNAPSHOT CONFIG FD`.

Owns   making and running scheduled work (in this form the journal's follower), and the listener of metrics. Ends when
       the owner does (EOF on FD).
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from functools import partial

from ..mta.clock import SystemClock
from . import snapshot
from .config import Config
from .control import Answer, ControlServer, socket_path
from .event_loop import run
from .follower import JournalFollower
from .logs import start_logging
from .metrics_listener import MetricsListener, Scraped, scrape
from .store import AppDatabase

_log = logging.getLogger("youtong.jobs")


async def _serve(config: Config, fd: int) -> None:
    data_dir = config.server.data_dir
    app = await AppDatabase.open(data_dir / "app.db")
    listeners = _serve_metrics(config)
    control = ControlServer(socket_path(data_dir, "jobs"), partial(_answer, [each.port for each in listeners]))
    await control.start()
    work = asyncio.create_task(JournalFollower(data_dir / "queue.db", app).run())
    owner_ends = asyncio.create_task(asyncio.to_thread(os.read, fd, 1))
    await asyncio.wait({work, owner_ends}, return_when=asyncio.FIRST_COMPLETED)
    if work.done():  # it never ends by itself: let the owner start this process anew
        _log.error("scheduled work ended", exc_info=work.exception())
        os._exit(1)
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    for listener in listeners:
        await asyncio.to_thread(listener.stop)
    await control.stop()
    await app.close()


def _serve_metrics(config: Config) -> list[MetricsListener]:
    """An address that cannot be bound is said in the log: scheduled work does not wait for it."""
    listeners: list[MetricsListener] = []
    clock, application = SystemClock(), None
    for endpoint in config.metrics.listen if config.metrics else ():
        application = application or Scraped(lambda: scrape(config, clock))
        try:
            listeners.append(MetricsListener(endpoint.host, endpoint.port, application))
        except OSError as error:
            _log.error("metrics cannot be served address=%s error=%s", endpoint, error)
    for listener in listeners:
        listener.start()
    return listeners


async def _answer(metrics_ports: list[int], question: dict[str, object]) -> Answer:
    return {"role": "jobs", "pid": os.getpid(), "metrics": metrics_ports}


def main() -> None:
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    configuration, path, fd = sys.argv[1:4]
    start_logging()
    run(_serve(snapshot.read(configuration, path), int(fd)))


if __name__ == "__main__":
    main()
