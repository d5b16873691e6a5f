"""A receiving server on loopback that does what a test tells it, and counts as a receiver would count."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Self

Behaviour = Callable[["Visit"], Awaitable[None]]

EHLO = "250-peer.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 1000000\r\n250 DSN\r\n"


class Visit:
    """One connection of a client, with the words a behaviour needs."""

    def __init__(self, peer: "ScriptedPeer", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.peer = peer
        self.reader = reader
        self.writer = writer
        self.number = peer.connections

    async def say(self, text: str) -> None:
        self.writer.write(text.encode())
        await self.writer.drain()

    async def hear(self) -> str:
        """The next command line, without CRLF; "" at the end of file."""
        line = (await self.reader.readline()).decode().rstrip("\r\n")
        if line:
            self.peer.heard.append(line)
        return line

    async def hear_content(self) -> bytes:
        content = await self.reader.readuntil(b"\r\n.\r\n")
        self.peer.contents.append(content)
        return content

    async def greet(self, ehlo: str = EHLO) -> None:
        await self.say("220 peer.example\r\n")
        await self.hear()
        await self.say(ehlo)

    async def take_message(self, final: str = "250 2.0.0 taken\r\n") -> bool:
        """One transaction, everything accepted. False when the client left instead."""
        while (line := await self.hear()) != "DATA":
            if line in ("", "QUIT"):
                return False
            self.peer.mails += line.startswith("MAIL")
            await self.say("250 2.1.0 ok\r\n")
        await self.say("354 go\r\n")
        await self.hear_content()
        await self.say(final)
        return True

    async def start_tls(self, context: ssl.SSLContext) -> None:
        await self.hear()
        await self.say("220 go ahead\r\n")
        await self.writer.start_tls(context)
        await self.hear()
        await self.say(EHLO)


async def friendly(visit: Visit) -> None:
    """Takes whatever comes."""
    await visit.greet()
    while await visit.take_message():
        pass
    await visit.say("221 bye\r\n")


class ScriptedPeer:
    """`async with ScriptedPeer(behaviour) as peer:` listens on `peer.port` of `address`."""

    def __init__(self, behaviour: Behaviour = friendly, address: str = "127.0.0.1", port: int = 0) -> None:
        self.behaviour = behaviour
        self.address = address
        self.port = port
        self.connections = 0  # so far
        self.open = 0
        self.most_open = 0
        self.mails = 0
        self.heard: list[str] = []
        self.contents: list[bytes] = []
        self.faults: list[Exception] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._visited, self.address, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert not self.faults, self.faults

    async def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            await self.behaviour(Visit(self, reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        except Exception as fault:  # noqa: BLE001 - shown by __aexit__
            self.faults.append(fault)
        finally:
            self.open -= 1
            writer.transport.abort()
