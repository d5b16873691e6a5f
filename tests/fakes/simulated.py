"""A simulated internet for one test: free ports, and a client that speaks one line at a time."""

import asyncio
import json
from contextlib import asynccontextmanager

from youtong.mta.simulator.reading import read_settings
from youtong.mta.simulator.simulator import Simulator, start

ANYWHERE = '[simulator]\ndns = "127.0.0.1:0"\nport = 0\ncontrol = "127.0.0.1:0"\n'


def one_provider(behaviour: str = "", *, head: str = "", address: str = "127.0.0.1") -> str:
    """The file's text for provider p with domain p.test and these tables; `head` = keys of the provider itself."""
    mx = f'mx = [{{ host = "mx.p.test", address = "{address}" }}]'
    return f'{ANYWHERE}[[provider]]\nname = "p"\ndomains = ["p.test", "q.test"]\n{mx}\n{head}\n{behaviour}\n'


@asynccontextmanager
async def simulated(text: str, clock=None):
    """The running simulator; stopped at the end."""
    simulator = await start(read_settings(text), clock)
    try:
        yield simulator
    finally:
        await simulator.stop()


class Talk:
    """A connection to an MX of the simulator."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, simulator: Simulator, address: str = "127.0.0.1") -> "Talk":
        return cls(*await asyncio.open_connection(address, simulator.port))

    async def reply(self) -> str:
        """The next whole reply, its lines parted by newlines; "" when the connection has ended."""
        lines: list[str] = []
        while True:
            try:
                line = (await self.reader.readline()).decode()
            except ConnectionError:
                return ""
            if not line:
                return ""
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(lines)

    async def say(self, *lines: str) -> str:
        """Send command lines in one write; the reply to the last."""
        self.send(*lines)
        reply = ""
        for _ in lines:
            reply = await self.reply()
        return reply

    def send(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())

    async def greeted(self) -> "Talk":
        """After the greeting and EHLO."""
        await self.reply()
        await self.say("EHLO client.test")
        return self

    async def recipient(self, address: str, reverse_path: str = "a@client.test") -> str:
        """The reply to one RCPT in a new transaction, or to the MAIL before it when that was refused."""
        await self.say("RSET")
        answer = await self.say(f"MAIL FROM:<{reverse_path}>")
        return await self.say(f"RCPT TO:<{address}>") if answer.startswith("250") else answer

    async def message(self, address: str = "u@p.test", content: str = "Message-ID: <1@c>\r\n\r\nhello") -> str:
        """The reply to the final dot, or to the command before it that was refused or cut."""
        for command in ("MAIL FROM:<a@client.test>", f"RCPT TO:<{address}>", "DATA"):
            answer = await self.say(command)
            if answer[:1] not in ("2", "3"):
                return answer
        return await self.say(f"{content}\r\n.")

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            pass  # cut by the simulator, as told


async def ask(simulator: Simulator, **question) -> dict:
    """One question to the control socket."""
    reader, writer = await asyncio.open_connection(*simulator.control)
    writer.write(json.dumps(question).encode() + b"\n")
    answer = json.loads(await reader.readline())
    writer.close()
    await writer.wait_closed()
    return answer
