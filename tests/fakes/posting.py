"""Letters posted over many connections through deaths of the server, and the count that judges what became of them.

Each letter has recipients of its own, so that the simulated internet's count for an address is the number of copies of
that one letter.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from fakes.running import Running
from youtong.mta.simulator.simulator import Simulator

_ANSWER_SECONDS = 60.0


class Fate(Enum):
    """What the client knows of its letter."""

    UNSENT = "unsent"
    ACCEPTED = "accepted"  # 250 was read
    REFUSED = "refused"  # a reply of 4yz or 5yz was read
    UNKNOWN = "unknown"  # the connection was lost after the final dot was written
    CUT = "cut"  # the connection was lost before it


@dataclass
class Letter:
    name: str
    recipients: tuple[str, ...]
    octets: int = 200
    reverse_path: str = "sender@load.test"
    subject: str = "crash"
    parameters: str = ""  # of MAIL, each with a space before it
    rcpt_parameters: str = ""
    head: str = ""  # further fields
    text: bytes = b""  # instead of `octets` octets of some text
    fate: Fate = Fate.UNSENT
    reply: str = ""

    def content(self) -> bytes:
        head = (
            f"From: <sender@load.test>\r\nTo: <{self.recipients[0]}>\r\nSubject: {self.subject}\r\n"
            f"Date: Mon, 23 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{self.name}@load.test>\r\n{self.head}\r\n"
        )
        if self.text:
            return head.encode() + self.text
        line = b".0123456789 and so on, until the end of the line is near\r\n"
        return head.encode() + line * (self.octets // len(line) + 1)


def letters(name: str, count: int, domains: Iterable[str], *, large_every: int = 0) -> list[Letter]:
    """`count` letters, each to one recipient in every domain and a second one in the first; some outgrow a row."""
    made: list[Letter] = []
    for number in range(count):
        to = [f"{name}.{number}@{domain}" for domain in domains]
        to.append(f"{name}.{number}.b@{to[0].partition('@')[2]}")
        large = large_every and number % large_every == 0
        made.append(Letter(f"{name}.{number}", tuple(to), 150_000 if large else 200))
    return made


async def post(running: Running, letters: Iterable[Letter], connections: int = 4) -> None:
    """Post them all, each once; a connection that is lost is made again when the server is up."""
    source = iter(letters)
    await asyncio.gather(*(_post_on_one(running, source) for _ in range(connections)))


async def _post_on_one(running: Running, source: "Iterable[Letter]") -> None:
    client: Client | None = None
    for letter in source:
        while client is None:
            await running.up.wait()
            client = await connect(running.port)
        try:
            await client.send(letter)
        except (OSError, EOFError):
            client.close()
            client = None
    if client is not None:
        client.close()


async def connect(port: int) -> "Client | None":
    """A client that has said EHLO; None when the server is not there (any more)."""
    client = None
    try:
        client = Client(*await asyncio.open_connection("127.0.0.1", port))
        await client.greet()
    except (OSError, EOFError):
        if client is not None:
            client.close()
        await asyncio.sleep(0.02)
        return None
    return client


class Client:
    """One pipelining connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def greet(self) -> None:
        await self._reply()
        await self._say(b"EHLO load.test\r\n")
        await self._reply()

    async def send(self, letter: Letter) -> None:
        """Sets the letter's fate. Raises OSError or EOFError when the connection is lost."""
        letter.fate = Fate.CUT
        rcpts = "".join(f"RCPT TO:<{each}>{letter.rcpt_parameters}\r\n" for each in letter.recipients)
        await self._say(f"MAIL FROM:<{letter.reverse_path}>{letter.parameters}\r\n{rcpts}DATA\r\n".encode())
        replies = [await self._reply() for _ in range(len(letter.recipients) + 2)]
        if not replies[-1].startswith("354"):
            letter.fate, letter.reply = Fate.REFUSED, next(each for each in replies if each[0] in "45")
            await self._say(b"RSET\r\n")
            await self._reply()
            return
        stuffed = re.sub(rb"(?m)^\.", b"..", letter.content())
        letter.fate = Fate.UNKNOWN
        await self._say(stuffed + b".\r\n")
        letter.reply = await self._reply()
        letter.fate = Fate.ACCEPTED if letter.reply.startswith("250") else Fate.REFUSED

    async def _say(self, octets: bytes) -> None:
        self._writer.write(octets)
        await self._writer.drain()

    async def _reply(self) -> str:
        lines: list[str] = []
        while not lines or lines[-1][3:4] == "-":
            line = await asyncio.wait_for(self._reader.readuntil(b"\r\n"), _ANSWER_SECONDS)
            lines.append(line.decode("utf-8").rstrip())
        if lines[0].startswith("421"):
            raise EOFError(lines[0])
        return "\n".join(lines)

    def close(self) -> None:
        self._writer.transport.abort()


def faults_of(letters: Iterable[Letter], simulator: Simulator, running: Running) -> list[str]:
    """What went wrong, judged by what the receivers counted: lost, in part, refused and sent, sent too often.

    More copies than one are right only for as many attempts as ended in doubt (Q3), which the journal names.
    """
    doubts = doubted(running)
    copies = simulator.ledger.accepted
    faults: list[str] = []
    for letter in letters:
        counts = {each: copies.get(each, 0) for each in letter.recipients}
        if letter.fate is Fate.ACCEPTED and not all(counts.values()):
            faults.append(f"lost: {letter.name} {counts}")
        elif letter.fate is Fate.UNKNOWN and any(counts.values()) and not all(counts.values()):
            faults.append(f"in part: {letter.name} {counts}")
        elif letter.fate in (Fate.REFUSED, Fate.CUT, Fate.UNSENT) and any(counts.values()):
            faults.append(f"sent though it was never taken: {letter.name} {letter.fate} {letter.reply} {counts}")
        faults += [f"{n} copies: {who}" for who, n in counts.items() if n > 1 + doubts[who]]
    return faults


def doubted(running: Running) -> Counter[str]:
    """How many attempts for each address ended as maybe sent."""
    rows = running.rows(
        "SELECT r.address, count(*) FROM journal AS j JOIN recipient AS r ON r.id = j.recipient_id"
        " WHERE j.facts LIKE '%\"ambiguous\":true%' GROUP BY r.address"
    )
    return Counter({str(address): int(str(count)) for address, count in rows})


def fates(letters: Iterable[Letter]) -> Counter[Fate]:
    return Counter(letter.fate for letter in letters)
