"""What a client sent and nobody has read yet.

Owns    cutting command lines and content blocks from the stream, with bounded memory.
Knows   nothing of commands. A line that does not end in CR LF is handed out as it is: the session refuses it, and
        thereby never executes what another server might have read as part of a message.
On      asyncio.StreamReader for waiting and back pressure; its own `readuntil` takes one future, one copy and one
        exception path per line where the common case is a whole line, or several (RFC 2920), in the buffer.
"""

import asyncio

MAX_LINE_OCTETS = 12_290  # RFC 4954 §4: base64 of a SASL exchange, 12,288 octets, and CR LF
_HIGH_WATER_OCTETS = 16 * 1024  # StreamReader pauses reading at twice that


class LineTooLongError(Exception):
    """The line was longer than any command; it has been thrown away up to its end."""


class ClientInput(asyncio.StreamReader):
    """The input of one session."""

    _buffer: bytearray
    _eof: bool

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=_HIGH_WATER_OCTETS, loop=loop)

    @property
    def has_line(self) -> bool:
        """A whole line is waiting: no need to send replies yet (RFC 2920 §3.2)."""
        return b"\n" in self._buffer

    @property
    def is_waiting(self) -> bool:
        """Somebody waits for the client."""
        return self._waiter is not None  # pyright: ignore[reportAttributeAccessIssue]

    async def line(self) -> bytes | None:
        """The next line with its end, or None when the client has closed. Raises LineTooLongError."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > MAX_LINE_OCTETS:
                await self._skip_line()
                raise LineTooLongError
            if not await self._more():
                return None
        line = bytes(self._buffer[: end + 1])
        self._drop(end + 1)
        if len(line) > MAX_LINE_OCTETS:
            raise LineTooLongError
        return line

    async def block(self) -> bytes | None:
        """All that has arrived, at least one octet, or None when the client has closed."""
        if not self._buffer and not await self._more():
            return None
        octets = bytes(self._buffer)
        self._drop(len(octets))
        return octets

    def unread(self, octets: bytes) -> None:
        """Put back what belongs to the next reader."""
        if octets:
            self._buffer[:0] = octets

    def discard(self) -> None:
        """Throw away what has arrived (RFC 3207 §4.2)."""
        self._drop(len(self._buffer))

    def move_to(self, transport: asyncio.BaseTransport) -> None:
        """Go on over another transport."""
        self._transport = None
        self.set_transport(transport)

    async def readline(self) -> bytes:
        """For aiosmtpd's SASL challenges: b"" when there is no usable line."""
        try:
            return await self.line() or b""
        except LineTooLongError:
            return b"\n"  # no base64: refused like any other garbage

    async def _more(self) -> bool:
        if self._eof:
            return False
        await self._wait_for_data("ClientInput")  # pyright: ignore[reportAttributeAccessIssue]
        return bool(self._buffer) or not self._eof

    async def _skip_line(self) -> None:
        while (end := self._buffer.find(b"\n")) < 0:
            self._drop(len(self._buffer))
            if not await self._more():
                return
        self._drop(end + 1)

    def _drop(self, octets: int) -> None:
        del self._buffer[:octets]
        self._maybe_resume_transport()  # pyright: ignore[reportAttributeAccessIssue]
