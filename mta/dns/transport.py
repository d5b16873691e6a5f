"""One question to one server, over UDP or TCP.

Owns   sockets, random ids, and the patience for one answer.
Knows  nothing of what an answer means, nor of other servers.

Against forged answers (RFC 5452 §9): each question over UDP has a socket of its own, so a port that the kernel draws
at random (about 15 bits), connected, so that only the server's own address is heard, and a random id (16 bits); its
octets must come back as they were sent. What does not fit is passed over, and waiting goes on: else a forger could at
least make a look-up fail. A connected socket also hears at once that nobody listens there.
RFC 1035 §4.2 (transports), RFC 7766 §5 (truncation).
"""

import asyncio
import secrets
import socket

from .answers import Trouble
from .message import is_answer_to, is_truncated, query_octets
from .servers import NameServer

_LARGEST_DATAGRAM = 4096  # more than we say that we take
_HEARD_AT_ONCE = 16  # datagrams read before others have their turn


class TransportError(Exception):
    """No answer came from this server; str() is a few words of printable ASCII."""

    def __init__(self, kind: Trouble, words: str) -> None:
        super().__init__(words)
        self.kind = kind


async def ask(server: NameServer, question: bytes, seconds: float, *, edns: bool) -> bytes:
    """The message that answers, over TCP when UDP was too small for it. Raises TransportError."""
    octets = await _over_udp(server, question, seconds, edns=edns)
    return await _over_tcp(server, question, seconds, edns=edns) if is_truncated(octets) else octets


async def _over_udp(server: NameServer, question: bytes, seconds: float, *, edns: bool) -> bytes:
    loop = asyncio.get_running_loop()
    ident = secrets.randbits(16)
    family = socket.AF_INET6 if ":" in server.address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as talk:
            talk.connect((server.address, server.port))
            talk.send(query_octets(ident, question, edns=edns))
            waiting = _Waiting(talk, ident, question, loop.create_future())
            timer = loop.call_later(seconds, waiting.give_up, seconds)
            loop.add_reader(talk.fileno(), waiting.hear)
            try:
                return await waiting.answer
            finally:
                loop.remove_reader(talk.fileno())
                timer.cancel()
    except OSError as error:
        raise _unreachable(error) from error


class _Waiting:
    """A question under way."""

    def __init__(self, talk: socket.socket, ident: int, question: bytes, answer: asyncio.Future[bytes]) -> None:
        self._talk, self._ident, self._question = talk, ident, question
        self._strays = 0
        self.answer = answer

    def hear(self) -> None:
        """Something can be read."""
        for _ in range(_HEARD_AT_ONCE):
            if self.answer.done():
                return
            try:
                octets = self._talk.recv(_LARGEST_DATAGRAM)
            except BlockingIOError:
                return
            except OSError as error:
                self.answer.set_exception(error)
                return
            if is_answer_to(octets, self._ident, self._question):
                self.answer.set_result(octets)
            else:
                self._strays += 1

    def give_up(self, seconds: float) -> None:
        if not self.answer.done():
            strays = f", but {self._strays} datagrams that answer something else" if self._strays else ""
            self.answer.set_exception(TransportError(Trouble.TIMEOUT, f"no answer within {seconds:g} s{strays}"))


async def _over_tcp(server: NameServer, question: bytes, seconds: float, *, edns: bool) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            return await _talk_tcp(server, question, edns=edns)
    except TimeoutError as error:
        raise TransportError(Trouble.TIMEOUT, f"no answer over TCP within {seconds:g} s") from error
    except asyncio.IncompleteReadError as error:
        raise TransportError(Trouble.MALFORMED, "a connection over TCP that ends too early") from error
    except OSError as error:
        raise _unreachable(error, " over TCP") from error


async def _talk_tcp(server: NameServer, question: bytes, *, edns: bool) -> bytes:
    ident = secrets.randbits(16)
    query = query_octets(ident, question, edns=edns)
    reader, writer = await asyncio.open_connection(server.address, server.port)
    try:
        writer.write(len(query).to_bytes(2) + query)
        octets = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
    finally:
        writer.transport.abort()
    if _is_useless(octets, ident, question):
        raise TransportError(Trouble.MALFORMED, "an answer over TCP to something else")
    return octets


def _is_useless(octets: bytes, ident: int, question: bytes) -> bool:
    """Over TCP nothing is cut and nothing strays: either is the server's fault."""
    return not is_answer_to(octets, ident, question) or is_truncated(octets)


def _unreachable(error: OSError, transport: str = "") -> TransportError:
    words = error.strerror if error.strerror and error.strerror.isascii() else type(error).__name__
    return TransportError(Trouble.UNREACHABLE, f"{words}{transport}")
