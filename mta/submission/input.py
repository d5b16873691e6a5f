"""What a client sent and nobody has read yet.

Owns    cutting command lines and content blocks from what arrives, with bounded memory.
Knows   nothing of commands and transports. A line that does not end in CR LF is handed out as it is: the session
        refuses it, and thereby never executes what another server might have read as part of a message.
Waits   for nobody: `line` and `block` give what there is. Only an AUTH exchange of aiosmtpd awaits `readline`.
"""

import asyncio

MAX_LINE_OCTETS = 12_290  # RFC 4954 §4: base64 of a SASL exchange, 12,288 octets, and CR LF


class LineTooLongError(Exception):
    """The line was longer than any command; it has been thrown away up to its end."""


class ClientInput:
    """The input of one session."""

    __slots__ = ("_at", "_octets", "_searched", "_skipping", "_waiter", "ended")

    def __init__(self) -> None:
        self.ended = False  # nothing more will come
        self._octets = b""
        self._at = 0  # what is before has been handed out
        self._searched = 0  # up to here there is no line end
        self._skipping = False  # the rest of a line that was too long
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._octets) - self._at

    @property
    def is_awaited(self) -> bool:
        """Somebody waits for the client's next line."""
        return self._waiter is not None

    def feed(self, octets: bytes) -> None:
        """More has arrived."""
        if self._at == len(self._octets):
            self._octets, self._at, self._searched = octets, 0, 0
        else:
            self._octets = self._octets[self._at :] + octets
            self._searched = max(0, self._searched - self._at)
            self._at = 0
        if self._waiter is not None:
            self._wake()

    def end(self) -> None:
        """The client has closed its side."""
        self.ended = True
        self._wake()

    def line(self) -> bytes | None:
        """The next line with its end, or None when there is no whole line yet. Raises LineTooLongError."""
        at, octets = self._at, self._octets
        end = octets.find(b"\n", self._searched) + 1
        if not end:
            self._searched = len(octets)
            if len(octets) - at > MAX_LINE_OCTETS:
                self.discard()
                self._skipping = True
            return None
        if end == len(octets):
            self._octets, self._at, self._searched = b"", 0, 0
        else:
            self._at = self._searched = end
        if self._skipping or end - at > MAX_LINE_OCTETS:
            self._skipping = False
            raise LineTooLongError
        return octets[at:end]

    def block(self) -> bytes:
        """All that has arrived."""
        octets = self._octets[self._at :] if self._at else self._octets
        self.discard()
        return octets

    def unread(self, octets: bytes) -> None:
        """Put back what belongs to the next reader; all had been read."""
        assert not len(self)
        self._octets, self._at, self._searched = octets, 0, 0

    def discard(self) -> None:
        """Throw away what has arrived."""
        self._octets, self._at, self._searched = b"", 0, 0
        self._skipping = False

    async def readline(self) -> bytes:
        """For aiosmtpd's SASL challenges: b"" when the client has closed."""
        try:
            while (line := self.line()) is None:
                if self.ended:
                    return b""
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter
        except LineTooLongError:
            return b"\n"  # no base64: refused like any other garbage
        finally:
            self._waiter = None
        return line

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
