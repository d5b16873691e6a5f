"""What one transaction costs the sending side: one kept connection, pipelined, 4 KiB, plain.

Run as a program: `python tests/bench/bench_delivery_lane.py [MESSAGES]`. The sink is a process of its own; the figure
is the CPU time of this process divided by the messages.
"""

import asyncio
import multiprocessing
import sys
import time
from multiprocessing.connection import Connection as Pipe

import uvloop

sys.path.insert(0, "tests")
from fakes.lane_events import FakeJob, FakeLaneEvents
from youtong.mta.clock import SystemClock
from youtong.mta.delivery.egress import EgressSource, LaneLimits
from youtong.mta.delivery.host_memory import HostMemory
from youtong.mta.delivery.lane import Lane
from youtong.mta.delivery.timeouts import Timeouts

_CONTENT = b"Subject: bench\r\n\r\n" + (b"x" * 70 + b"\r\n") * 56


class _Sink(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._in_data = False
        self._buffer = b""
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        replies: list[bytes] = []
        while self._step(replies):
            pass
        self._transport.write(b"".join(replies))

    def _step(self, replies: list[bytes]) -> bool:
        end = b"\r\n.\r\n" if self._in_data else b"\r\n"
        line, found, rest = self._buffer.partition(end)
        if not found:
            return False
        self._buffer = rest
        verb = b"DOT" if self._in_data else line[:4]
        self._in_data = verb == b"DATA"
        replies.append(
            {b"EHLO": b"250-sink\r\n250 PIPELINING\r\n", b"DATA": b"354 go\r\n"}.get(verb, b"250 2.0.0 ok\r\n")
        )
        return True


def _sink(pipe: Pipe) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())


async def _measure(port: int, messages: int) -> tuple[float, float]:
    events = FakeLaneEvents()
    lane = Lane(
        "bench", EgressSource("", "us.example"), port=port,
        limits=LaneLimits(max_connections=1, messages_per_connection=10**9),
        timeouts=Timeouts(), clock=SystemClock(), host_memory=HostMemory(SystemClock()), events=events,
    )  # fmt: skip
    cpu, wall = time.process_time(), time.perf_counter()
    for token in range(messages):
        lane.submit(FakeJob(token=token, content=_CONTENT))
    await events.wait(messages)
    figures = time.process_time() - cpu, time.perf_counter() - wall
    lane.abort()
    await lane.wait_closed()
    return figures


def main() -> None:
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    ours, theirs = multiprocessing.Pipe()
    sink = multiprocessing.Process(target=_sink, args=(theirs,), daemon=True)
    sink.start()
    cpu, wall = uvloop.run(_measure(ours.recv(), messages))
    sink.terminate()
    print(f"{messages} messages: {cpu / messages * 1e6:.0f} us CPU each, {messages / wall:.0f} a second")


if __name__ == "__main__":
    main()
