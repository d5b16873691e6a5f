"""A real `youtong serve` in a folder of its own: started, killed and started again by tests.

Everything known of it comes from outside: its sockets, its files, its process.
"""

import asyncio
import itertools
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO, Self

from youtong.admin.control import NotRunning, ask
from youtong.mta.simulator.simulator import Simulator
from youtong.queue.incarnation import mark_files
from youtong.queue.workers.marks import is_alive, read_marks

_POLL_SECONDS = 0.02
PATIENCE_SECONDS = 20.0
_CONFIG = """\
[server]
hostname = "mta.test"
data_dir = "var"
[submission]
listen = "127.0.0.1:{port}"
listen_tls = []
processes = {processes}
trusted_networks = ["127.0.0.0/8"]
[delivery]
port = {mx_port}
workers = {workers}
dns_servers = ["{dns}"]
allow_private_addresses = true
"""


_NOTICES = "FROM recipient AS r JOIN message AS m ON m.id = r.message_id WHERE m.is_notice"


class Running:
    """One data folder and the server on it. `up` is set while it takes mail."""

    def __init__(
        self, folder: Path, simulator: Simulator, *, workers: int = 2, submission_processes: int = 1, more: str = ""
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.data_dir = folder, folder / "var"
        self.port = free_port()
        self.up = asyncio.Event()
        self.process: asyncio.subprocess.Process | None = None
        self._crash_file = folder / "crash"
        dns = "{}:{}".format(*simulator.dns_address)
        self.config = folder / "youtong.toml"
        self.config.write_text(
            _CONFIG.format(
                port=self.port, mx_port=simulator.port, dns=dns, workers=workers, processes=submission_processes
            )
            + more,
            encoding="utf-8",
        )

    # -- life -----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def start(self) -> None:
        """Returns when it answers."""
        await self.spawn()
        await self.answers()

    async def spawn(self) -> asyncio.subprocess.Process:
        return await self.spawn_command(str(Path(sys.executable).with_name("youtong")), "serve", "--config")

    async def spawn_command(self, *command: str) -> asyncio.subprocess.Process:
        """Something else that serves from this folder; it gets the configuration file as its last argument."""
        with self._log() as log:
            self.process = await asyncio.create_subprocess_exec(
                *command,
                str(self.config),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment()},
                start_new_session=True,
            )
        return self.process

    async def answers(self) -> None:
        await until(self._answers, f"{self.folder} does not answer")
        self.up.set()

    async def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, f"the server ended:\n{self.log()[-3000:]}"
        try:
            return (await self.ask("owner", verb="status"))["pid"] == self.process.pid
        except NotRunning:
            return False

    async def jobs_answer(self) -> None:
        """Until the jobs process does, which the owner starts when it answers already."""

        async def heard() -> bool:
            try:
                return bool(await self.ask("jobs"))
            except NotRunning:
                return False

        await until(heard, "the jobs process never answers")

    async def ask(self, name: str, **question: object) -> dict[str, object]:
        return await asyncio.to_thread(ask, self.data_dir, name, question)

    async def flush(self) -> None:
        """All that waits is due now."""
        assert self.process is None or self.is_running(), f"the server ended:\n{self.log()[-3000:]}"
        await self.ask("owner", verb="operate", operation="flush", selection={}, who="test")

    def environment(self) -> dict[str, str]:
        """What lets `arm` reach a process."""
        return {"YOUTONG_CRASH_FILE": str(self._crash_file), "YOUTONG_CRASH_LOG": str(self.folder / "reached")}

    def _log(self) -> BinaryIO:
        return open(self.folder / "serve.log", "ab")

    def is_running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def kill(self) -> None:
        """The owner dies without a word."""
        self.up.clear()
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self.up.clear()
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()

    async def end(self) -> None:
        """Whatever state it is in: nothing of it lives after this."""
        if self.process is not None:
            await self.kill()
        await until(self._no_worker_lives, "a worker outlived its owner")

    async def _no_worker_lives(self) -> bool:
        return not any(is_alive(path) for path in mark_files(self.data_dir / "run"))

    def worker_pids(self) -> list[int]:
        alive = (path for path in mark_files(self.data_dir / "run") if is_alive(path))
        return [pid for path in alive if (pid := read_marks(path).pid)]

    async def workers_live(self, count: int = 2) -> None:
        """Until so many workers have read their configuration and begun."""

        async def have_begun() -> bool:
            return len(self.worker_pids()) >= count

        await until(have_begun, "the workers never began")

    async def submission_pids(self, count: int = 2) -> list[int]:
        """The processes that serve sessions, once so many live and serve."""

        async def serve() -> bool:
            return len(await self._submission_pids()) == count

        await until(serve, "the submission processes never began")
        return await self._submission_pids()

    async def _submission_pids(self) -> list[int]:
        pids = (await self.ask("owner", verb="status"))["submission"]
        assert isinstance(pids, list)
        return [int(pid) for pid in pids]

    def family(self) -> list[int]:
        """The owner and all its children."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [self.process.pid, *(int(pid) for path in children for pid in path.read_text("ascii").split())]

    def log(self) -> str:
        return (self.folder / "serve.log").read_text("utf-8", "replace")

    # -- app.db, read from outside ----------------------------------------------------------------------------------

    async def counted(self) -> None:
        """Until the follower has counted the whole journal; fails if it counted anything twice."""
        await until(self._is_counted, "the follower never reaches the journal's end")
        journal = self.rows("SELECT kind, count(*) FROM journal GROUP BY kind ORDER BY kind")
        counters = read(self.data_dir / "app.db", "SELECT kind, sum(count) FROM counter GROUP BY kind ORDER BY kind")
        assert counters == journal

    async def _is_counted(self) -> bool:
        at = read(self.data_dir / "app.db", "SELECT seq FROM follower")
        return at == self.rows("SELECT max(seq) FROM journal")

    # -- crash points ---------------------------------------------------------------------------------------------

    def arm(self, point: str, times: int = 1) -> None:
        """The next process to reach the point for the `times`th time dies there."""
        fresh = self._crash_file.with_suffix(".fresh")
        fresh.write_text(f"{point}:{times}", encoding="ascii")
        for path in self._deaths():
            path.unlink()
        fresh.rename(self._crash_file)

    def _deaths(self) -> list[Path]:
        """At most one: who died of the last `arm` is in its name."""
        return list(self.folder.glob(f"{self._crash_file.name}.*.died"))

    async def crashed(self) -> int:
        """Until the death that `arm` asked for; who died."""
        await until(self._has_crashed, f"nothing died; reached so far:\n{self.reached()}")
        (death,) = self._deaths()
        return int(death.name.split(".")[-2])

    async def _has_crashed(self) -> bool:
        return bool(self._deaths())

    async def revived(self) -> bool:
        """Wait for the death that `arm` asked for, and start the owner again if it was the owner; else False."""
        dead = await self.crashed()
        assert self.process is not None
        if dead != self.process.pid:
            return False
        await self.process.wait()
        self.up.clear()
        await self.start()
        return True

    def reached(self) -> set[str]:
        """Every crash point that some process of this folder reached."""
        path = self.folder / "reached"
        return set(path.read_text("ascii").split()) if path.exists() else set()

    # -- the queue, read from outside -------------------------------------------------------------------------------

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """A question to queue.db in a read transaction of its own."""
        return read(self.data_dir / "queue.db", query, *values)

    def count(self, query: str, *values: object) -> int:
        return int(str(self.rows(query, *values)[0][0]))

    def unfinished(self) -> int:
        """Recipients that wait or are leased, and failure notices that are owed."""
        return self.count("SELECT count(*) FROM recipient WHERE state IN (0, 1) OR notice = 1")

    def notices_to(self, sender: str) -> int:
        """How many were queued."""
        return self.count(f"SELECT count(*) {_NOTICES} AND r.address = ?", sender)

    async def no_notice_under_way(self) -> None:
        async def have_left() -> bool:
            return self.count(f"SELECT count(*) {_NOTICES} AND r.state IN (0, 1, 2)") == 0

        await until(have_left, "a notice does not leave")

    async def quiet(self) -> None:
        """Until every recipient has ended; what waits is made due again and again."""
        await until(self.is_quiet, f"{self.folder} never comes to rest")

    async def is_quiet(self) -> bool:
        """Whether every recipient has ended; else what waits is made due now."""
        if not self.unfinished():
            return True
        await self.flush()
        await asyncio.sleep(0.2)
        return False


def read(path: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """A question to a database file in a read transaction of its own."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


async def until(holds: Callable[[], Awaitable[bool]], otherwise: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Return as soon as `holds`; the deadline only keeps a broken test from hanging."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await holds():
        assert asyncio.get_running_loop().time() < deadline, otherwise
        await asyncio.sleep(_POLL_SECONDS)


_ports = itertools.count(os.getpid() * 499)


def free_port() -> int:
    """A port nobody listens on, given once. It is below those from which the kernel picks for clients and `port 0`, and
    each process begins elsewhere: so nobody else takes it before its server does, also of tests that run beside."""
    while True:
        port = 10_000 + next(_ports) % 20_000
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
