"""The wire of a session: transport, output, and when to read no more.

Owns    putting replies together until they leave, closing, and pausing what comes in.
Knows   nothing of lines, commands and sessions.
Invariant
        output waits in bounded memory: what is more than that is written, and a client that does not read it is deaf.
On      aiosmtpd's SMTP, for the mechanisms of AUTH that `security` uses; its constructor, which looks through all
        methods and hooks anew for each connection, is not called.
RFC 2920 §3.2 (replies to pipelined commands go out together).
"""

import asyncio
from functools import lru_cache

from aiosmtpd.smtp import SMTP

from ..crashpoint import reach
from ..reply import Reply

_MAX_OUTPUT_OCTETS = 16 * 1024  # replies to pipelined commands wait together, but not more than this


class Wire(SMTP):
    """The transport's side of a connection."""

    def __init__(self) -> None:
        self.wire: asyncio.Transport | None = None
        self.closing = False
        self._output = b""
        self._deaf = False  # the client does not read what we wrote
        self._full = False  # reading is paused

    @property
    def is_deaf(self) -> bool:
        """The client does not read what we wrote."""
        return self._deaf

    def send(self, said: Reply) -> None:
        """Put a reply into the output; it leaves when there is nothing more to answer."""
        self._output += _on_the_wire(said)
        if len(self._output) > _MAX_OUTPUT_OCTETS:
            self.flush()

    async def push(self, status: str | bytes) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A line of aiosmtpd's own: AUTH challenges and their errors."""
        self._output += (status if isinstance(status, bytes) else status.encode("ascii")) + b"\r\n"
        self.flush()

    def flush(self) -> None:
        """Write what is due; and close, if that was the last."""
        wire = self.wire
        if wire is None or wire.is_closing():  # asyncio's TLS transport has forgotten its protocol by then
            return
        if self._output:
            reach("submission.reply.before")
            wire.write(self._output)
            reach("submission.reply.after")
            self._output = b""
        if self.closing:
            wire.close()

    def close_with(self, last: Reply) -> None:
        """Say a last word and close."""
        self.send(last)
        self.closing = True
        self.flush()

    def abort(self) -> None:
        """Close without a word."""
        if self.wire is not None:
            self.wire.abort()

    def pause_writing(self) -> None:
        self._deaf = True

    def pause_input(self) -> None:
        """Read nothing more; safe more than once."""
        if not self._full and self.wire is not None:
            self._full = True
            self.wire.pause_reading()

    def resume_input(self) -> None:
        """Read on; safe more than once."""
        if self._full and self.wire is not None and not self.closing:
            self.wire.resume_reading()
        self._full = False


@lru_cache(maxsize=256)
def _on_the_wire(said: Reply) -> bytes:
    """Most replies are the same few; those with a queue id pass through."""
    return said.to_bytes()
