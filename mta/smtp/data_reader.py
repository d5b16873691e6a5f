"""The content of DATA: where it ends, and what its octets are without transparency.

Owns    finding CRLF.CRLF in a stream cut anywhere, removing stuffed dots, and noticing what no message may contain.
Knows   nothing of sockets, headers, size limits or replies, and keeps no content: at most four octets between feeds.
Invariants
        Only CR LF . CR LF ends content (RFC 5321 §4.1.1.4). A bare CR or LF next to a dot never does: such content is
        read on to its real end and `fault` says why it must be refused, so nobody can smuggle a second message
        through a difference in reading between us and the next hop.
        Any split of the same octets gives the same concatenation, end, fault and rest.
RFC 5321 §4.5.2 (transparency), §2.3.8 (lines).
"""

from enum import StrEnum

from .line_ends import has_bare_cr, has_bare_lf

_END = b"\r\n.\r\n"
_BEGINNINGS = tuple(_END[:length] for length in (4, 3, 2, 1))  # longest first

MAX_LINE_OCTETS = 65_536
"""RFC 5321 §4.5.3.1.6 has 1,000 as what must work. Scripts write a whole HTML letter into one line, and refusing it
at submission helps nobody: so we take what a program would write, and refuse what only an attack does."""


class Fault(StrEnum):
    """Why the content must be refused."""

    BARE_CR = "a CR without LF"
    BARE_LF = "an LF without CR"
    NUL = "a NUL octet"
    LONG_LINE = f"a line longer than {MAX_LINE_OCTETS} octets"


_RANK = {fault: rank for rank, fault in enumerate(Fault)}  # worst first


class DataReader:
    """Feed it what arrives after 354 until `ended`; each feed returns the message octets it completed."""

    __slots__ = ("_at_start", "_held", "_lengths", "ended", "fault", "rest")

    def __init__(self) -> None:
        self.ended = False
        self.fault: Fault | None = None  # the worst one seen
        self.rest = b""  # after `ended`: octets behind the end, i.e. the next commands
        self._held = b"\r\n"  # the CRLF of the DATA command counts, so "." at once ends an empty message
        self._at_start = True
        self._lengths = LineLengths()

    def feed(self, octets: bytes) -> bytes:
        """Take the next octets of the stream. Not allowed once `ended`."""
        assert not self.ended
        stream = self._held + octets
        end = stream.find(_END)
        if end >= 0:
            self.ended = True
            self.rest = stream[end + len(_END) :]
            return self._decoded(stream[: end + 2])
        cut = len(stream) - _length_of_beginning(stream)
        self._held = stream[cut:]
        return self._decoded(stream[:cut])

    def _decoded(self, raw: bytes) -> bytes:
        if not raw:
            return raw
        too_long, octet = self._lengths.fault(raw), bare(raw)
        if too_long is not None or octet is not None:
            self.fault = worse(self.fault, too_long, octet)
        if b"\r\n." in raw:
            raw = raw.replace(b"\r\n.", b"\r\n")
        if self._at_start:  # cut off the CRLF of the command; it is whole here, for `raw` never ends inside one
            self._at_start = False
            raw = raw[2:]
        return raw


class LineLengths:
    """Sees a line that is too long, also across blocks."""

    __slots__ = ("_octets",)

    def __init__(self) -> None:
        self._octets = 0  # of the line that is not complete yet

    def fault(self, raw: bytes) -> Fault | None:
        """Take the next octets; LONG_LINE when a line got too long in them."""
        first = raw.find(b"\n")
        longest = self._octets + (len(raw) if first < 0 else first)
        if len(raw) > MAX_LINE_OCTETS:
            longest = max(longest, *map(len, raw.split(b"\n")))
        self._octets = self._octets + len(raw) if first < 0 else len(raw) - raw.rfind(b"\n") - 1
        return Fault.LONG_LINE if longest > MAX_LINE_OCTETS else None


def _length_of_beginning(stream: bytes) -> int:
    """How many octets at the end may be the first of CRLF.CRLF."""
    for beginning in _BEGINNINGS:
        if stream.endswith(beginning):
            return len(beginning)
    return 0


def worse(*faults: Fault | None) -> Fault | None:
    """The one to be told: which is worst does not depend on where the stream was cut."""
    return min((fault for fault in faults if fault is not None), key=_RANK.__getitem__, default=None)


def bare(raw: bytes) -> Fault | None:
    """The worst octet in it that may stand in no message."""
    if has_bare_cr(raw):
        return Fault.BARE_CR
    if has_bare_lf(raw):
        return Fault.BARE_LF
    return Fault.NUL if b"\0" in raw else None
