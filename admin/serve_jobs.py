"""The composition root of the jobs process: `python -m youtong.admin.serve_jobs SNAPSHOT CONFIG FD`.

Owns   making and running scheduled work (in this form the journal's follower). Ends when the owner does (EOF on FD).
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys

from . import snapshot
from .config import Config
from .control import Answer, ControlServer, socket_path
from .event_loop import run
from .follower import JournalFollower
from .logs import start_logging
from .store import AppDatabase

_log = logging.getLogger("youtong.jobs")


async def _serve(config: Config, fd: int) -> None:
    data_dir = config.server.data_dir
    app = await AppDatabase.open(data_dir / "app.db")
    control = ControlServer(socket_path(data_dir, "jobs"), _answer)
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
    await control.stop()
    await app.close()


async def _answer(question: dict[str, object]) -> Answer:
    return {"role": "jobs", "pid": os.getpid()}


def main() -> None:
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    configuration, path, fd = sys.argv[1:4]
    start_logging()
    run(_serve(snapshot.read(configuration, path), int(fd)))


if __name__ == "__main__":
    main()
