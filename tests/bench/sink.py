"""The receiving side: our own simulated internet, in a process of its own.

Run as `python -m bench.sink`; prints its ports in one line of JSON and ends when its standard input does. It has 100
domains, each with a host of its own (so that no limit of ours binds), keeps counts and no messages, and offers
PIPELINING but no TLS. Three more domains are bad destinations (P10): one dead, one that hangs, one that defers.

Owns   starting it (`running`), and asking it what arrived (`Sink`).
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvloop
from bench.cases import DOMAINS
from youtong.mta.simulator.reading import read_settings
from youtong.mta.simulator.simulator import start

_HEAD = '[simulator]\ndns = "127.0.0.1:0"\nport = 0\ncontrol = "127.0.0.1:0"\nkeep_messages = 1\nkeep_log = 1\n'

_BAD = """\
[[provider]]
name = "dead"
domains = ["dead.test"]
mx = [{ host = "mx.dead.test", address = "127.9.200.1", dead = true }]
[[provider]]
name = "hang"
domains = ["hang.test"]
mx = [{ host = "mx.hang.test", address = "127.9.201.1" }]
[[provider.rule]]
at = "connect"
do = "hang"
[[provider]]
name = "defer"
domains = ["defer.test"]
mx = [{ host = "mx.defer.test", address = "127.9.202.1" }]
[[provider.rule]]
at = "rcpt"
reply = "451 4.7.1 Try again later"
"""


class Sink:
    """The running sink, seen from outside."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        ports = json.loads(process.stdout.readline())
        self.pid = process.pid
        self.port: int = ports["port"]
        self.dns: str = ports["dns"]
        self._control = socket.create_connection(ports["control"])
        self._answers = self._control.makefile("rb")

    def reset(self) -> None:
        self._ask(do="reset")

    def counts(self) -> dict[str, int]:
        """accepted: copies for recipients; duplicates; refusals; and more."""
        return self._ask(ask="counts")

    def last_arrival(self) -> float:
        """When the newest message arrived, in seconds of the system clock; 0 for none."""
        messages = self._ask(ask="messages", last=1)["messages"]
        return messages[0]["at_ms"] / 1000 if messages else 0.0

    def close(self) -> None:
        self._control.close()

    def _ask(self, **question: Any) -> dict[str, Any]:
        self._control.sendall(json.dumps(question).encode() + b"\n")
        return json.loads(self._answers.readline())


@contextlib.contextmanager
def running() -> Iterator[Sink]:
    """A sink for as long as the `with` block runs."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "bench.sink"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    try:
        sink = Sink(process)
        yield sink
        sink.close()
    finally:
        process.communicate()


def _settings() -> str:
    return _HEAD + "".join(map(_provider, range(DOMAINS))) + _BAD


def _provider(number: int) -> str:
    mx = f'mx = [{{ host = "mx.dom{number:03d}.test", address = "127.9.{number + 1}.1" }}]'
    return f'[[provider]]\nname = "{number:03d}"\ndomains = ["dom{number:03d}.test"]\n{mx}\n'


async def _serve() -> None:
    simulator = await start(read_settings(_settings()))
    host, port = simulator.dns_address
    print(json.dumps({"port": simulator.port, "dns": f"{host}:{port}", "control": simulator.control}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await simulator.stop()


if __name__ == "__main__":
    uvloop.run(_serve())
