"""A client that says a line and reads a reply, for tests of a server."""

import asyncio
import ssl
from typing import Self

from fakes.tls import trusting_context


class Talk:
    """One connection to a server on loopback."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, address: tuple[str, int], *, tls: bool = False) -> Self:
        return cls(*await asyncio.open_connection(*address, ssl=trusting_context() if tls else None))

    async def reply(self) -> str:
        """The next reply, all its lines; "" when the server has closed."""
        lines: list[str] = []
        while True:
            line = (await self.reader.readline()).decode()
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(lines)

    async def say(self, text: str) -> str:
        self.writer.write(f"{text}\r\n".encode())
        return await self.reply()

    async def to_data(self) -> str:
        """Greeting, EHLO, MAIL, RCPT, DATA; the reply to DATA."""
        await self.reply()
        for text in ("EHLO client.example", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>"):
            assert (await self.say(text)).startswith("250"), text
        return await self.say("DATA")

    async def send(self, octets: bytes) -> str:
        self.writer.write(octets)
        await self.writer.drain()
        return await self.reply()

    @property
    def certificate_name(self) -> bytes:
        ssl_object: ssl.SSLObject = self.writer.get_extra_info("ssl_object")
        return ssl_object.getpeercert(binary_form=True) or b""

    def close(self) -> None:
        self.writer.close()
