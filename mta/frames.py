"""Frames on a byte stream between two processes of ours: 4 bytes of length, then that many octets.

Owns   cutting and making frames.
Knows  nothing of what is in them. Both ends are the same program of the same release: no versions.
"""

import struct

_LENGTH = struct.Struct("<I")


def framed(body: bytes) -> bytes:
    """The frame of one message."""
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Cuts a byte stream into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, octets: bytes) -> list[bytes]:
        """The frames that are now complete."""
        self._buffer += octets
        frames: list[bytes] = []
        at = 0
        while len(self._buffer) - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, at)
            end = at + _LENGTH.size + length
            if len(self._buffer) < end:
                break
            frames.append(bytes(self._buffer[at + _LENGTH.size : end]))
            at = end
        if at:
            del self._buffer[:at]
        return frames
