"""The content of BDAT chunks: octets as they are, judged as those of DATA.

Owns    noticing, across the borders of chunks and packets, what no message may contain.
Knows   nothing of chunk sizes, sockets or replies, and keeps no content but a CR whose LF may be in the next chunk.
Why as strict as DATA
        BDAT could carry a bare LF unharmed to us; the next hop gets the message by DATA, and there it would be the one
        that smuggles. BINARYMIME is not offered.
RFC 3030 §2 (BDAT); RFC 5321 §2.3.8 (lines).
"""

from .data_reader import Fault, LineLengths, bare, worse


class ChunkReader:
    """Feed it what arrives; then `finish`."""

    __slots__ = ("_cr", "_ends_line", "_lengths", "fault")

    def __init__(self) -> None:
        self.fault: Fault | None = None  # the worst one seen
        self._cr = b""  # held back
        self._ends_line = True
        self._lengths = LineLengths()

    def feed(self, octets: bytes) -> bytes:
        """The message octets that these complete."""
        raw = self._cr + octets
        self._cr = b""
        if raw.endswith(b"\r"):
            self._cr, raw = b"\r", raw[:-1]
        if raw:
            self._ends_line = raw.endswith(b"\n")
            too_long, octet = self._lengths.fault(raw), bare(raw)
            if too_long is not None or octet is not None:
                self.fault = worse(self.fault, too_long, octet)
        return raw

    def finish(self) -> bytes:
        """After the last chunk: the line end that DATA, on the next way, could not leave out."""
        if self._cr:
            self.fault = worse(self.fault, Fault.BARE_CR)
        return b"" if self._ends_line else b"\r\n"
