"""`youtong serve` for one run, on an empty queue or on one that is there.

Owns   its configuration and data folder, its start and its end.
Knows  nothing of what is measured.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

CONFIG = """\
[server]
hostname = "mta.test"
data_dir = "{data_dir}"
[submission]
listen = "{listen}"
listen_tls = []
trusted_networks = ["127.0.0.0/8"]
[delivery]
enabled = {delivers}
port = {mx_port}
dns_servers = ["{dns}"]
allow_private_addresses = true
"""
DKIM = '[[dkim]]\ndomain = "sender.test"\nselector = "bench"\nkey_file = "{key_file}"\n'
_START_SECONDS = 30.0
_REST_SECONDS = 1.0  # after the start: imports of the workers are no part of what a message costs


class Server:
    """The running server."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, start_seconds: float) -> None:
        self.pid, self.port, self.start_seconds = process.pid, port, start_seconds


@contextlib.contextmanager
def running(
    folder: Path,
    *,
    dns: str,
    mx_port: int,
    delivers: bool,
    key_file: Path | None,
    data_dir: Path | None = None,
    module: str = "youtong.admin.cli.main",
) -> Iterator[Server]:
    """A server for as long as the `with` block runs; its data lies in `folder`, or in `data_dir`."""
    folder.mkdir(parents=True)
    port = _free_port()
    text = CONFIG.format(
        data_dir=data_dir or "var", listen=f"127.0.0.1:{port}", delivers=str(delivers).lower(), mx_port=mx_port, dns=dns
    )
    config = folder / "youtong.toml"
    config.write_text(text + (DKIM.format(key_file=key_file) if key_file else ""), "utf-8")
    with open(folder / "serve.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, "serve", "--config", config],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        start_seconds = _wait_for_answer(process, port, folder)
        time.sleep(_REST_SECONDS)
        yield Server(process, port, start_seconds)
    finally:
        process.terminate()
        process.wait()


def _wait_for_answer(process: "subprocess.Popen[bytes]", port: int, folder: Path) -> float:
    """How long that took."""
    began = time.monotonic()
    deadline = began + _START_SECONDS
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server does not answer:\n{(folder / 'serve.log').read_text('utf-8')[-2000:]}")
        time.sleep(0.02)
    return time.monotonic() - began


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), _START_SECONDS) as client:
            return client.recv(4) == b"220 "
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
