"""Carrying a message to the hosts of a domain: a small client of the simulator's own.

Owns   finding the host in the simulated names, and one SMTP transaction in the clear.
Knows  nothing of what it carries, and shares nothing with mta.delivery: who judges a sender must not send as it does.
RFC 5321 §5.1 (MX, then the address), §4.5.2 (dot-stuffing).
"""

import asyncio

from ...dns.zones import Records, ZoneSource

REPLY_SECONDS = 30.0
_MAX_LINE = 4096


class NotCarried(Exception):
    """str() is the reply that refused, or why there was none."""


def addresses_of(domain: str, names: ZoneSource) -> list[str]:
    """IPv4 addresses, those of the most preferred host first; none if the domain takes no mail."""
    found = [(int(words[0]), words[1]) for text in _texts(names, domain, "MX") if len(words := text.split()) == 2]
    hosts = [host.rstrip(".").lower() for _, host in sorted(found)] or [domain]
    return [address for host in hosts for address in _texts(names, host, "A")]


def _texts(names: ZoneSource, name: str, rdtype: str) -> list[str]:
    answer = names.answer(name, rdtype)
    return [each.text for each in answer.records if each.rdtype == rdtype] if isinstance(answer, Records) else []


async def carry(message: bytes, sender: str, to: str, *, helo: str, where: tuple[str, int], source: str = "") -> None:
    """Hand it over from the address `source`. Raises NotCarried."""
    try:
        async with asyncio.timeout(REPLY_SECONDS):
            local = (source, 0) if source else None
            reader, writer = await asyncio.open_connection(*where, limit=_MAX_LINE, local_addr=local)
            try:
                await _talk(
                    reader, writer, message, (f"EHLO {helo}", f"MAIL FROM:<{sender}>", f"RCPT TO:<{to}>", "DATA")
                )
            finally:
                writer.close()
    except (OSError, EOFError, ValueError, TimeoutError) as error:  # ValueError: a line beyond the limit
        raise NotCarried(f"{type(error).__name__}: {error}") from error


async def _talk(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: bytes, commands: tuple[str, ...]
) -> None:
    await _expect(reader, "2")
    for command in commands:
        writer.write(command.encode() + b"\r\n")
        await _expect(reader, "3" if command == "DATA" else "2")
    writer.write((b"\r\n" + message).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n")
    await writer.drain()
    await _expect(reader, "2")
    writer.write(b"QUIT\r\n")


async def _expect(reader: asyncio.StreamReader, first: str) -> None:
    line = b"   -"
    while line[3:4] == b"-":
        line = await reader.readuntil(b"\r\n")
    if line[:1] != first.encode():
        raise NotCarried(line.decode("ascii", "replace").strip())
