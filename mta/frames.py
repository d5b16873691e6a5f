"""Frames on a byte stream between two processes of ours: 4 bytes of length, then that many octets.

Owns   cutting and making frames, and writing those of one turn of the loop in one system call: the other end then wakes
       once for all of them. Transports do not do that; they write at once.
Knows  nothing of what is in them. Both ends are the same program of the same release: no versions.
"""

import asyncio
import struct

_LENGTH = struct.Struct("<I")


def framed(body: bytes) -> bytes:
    """The frame of one message."""
    return _LENGTH.pack(len(body)) + body


class FrameWriter:
    """Writes frames to a transport, in their order, at the end of this turn of the loop."""

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport
        self._frames: list[bytes] = []

    def write(self, frame: bytes) -> None:
        """Lost when the other end is gone."""
        if not self._frames:
            asyncio.get_running_loop().call_soon(self._flush)
        self._frames.append(frame)

    def close(self) -> None:
        """What was written goes out first."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """What was written lately is lost."""
        self._transport.abort()

    def _flush(self) -> None:
        frames, self._frames = self._frames, []
        if frames and not self._transport.is_closing():
            self._transport.writelines(frames)


class FrameReader:
    """Cuts a byte stream into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()  # of a frame that is not whole

    def feed(self, octets: bytes) -> list[bytes]:
        """The frames that are now complete."""
        if self._rest:
            self._rest += octets
            if _end_of_frame(self._rest, 0) > len(self._rest):
                return []
            octets = bytes(self._rest)
            self._rest.clear()
        frames: list[bytes] = []
        at = 0
        while (end := _end_of_frame(octets, at)) <= len(octets):
            frames.append(octets[at + _LENGTH.size : end])
            at = end
        self._rest += octets[at:]
        return frames


def _end_of_frame(octets: bytes | bytearray, at: int) -> int:
    """Of the one that begins at `at`; beyond the end if not even its length is there."""
    body = at + _LENGTH.size
    return body + _LENGTH.unpack_from(octets, at)[0] if body <= len(octets) else body
