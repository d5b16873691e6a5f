"""Invariant: only CR LF . CR LF ends content, however the stream is cut, and what passes has no bare CR, LF or NUL.

The reading is compared with a slow one that cannot be wrong: split at CRLF, look for the line that is a dot.
"""

from youtong.mta.smtp.data import encode_data
from youtong.mta.smtp.data_reader import DataReader

TOKENS = [
    b"\r\n.\r\n",
    b"\r\n",
    b"\r",
    b"\n",
    b".",
    b"..",
    b"\r\n.",
    b"\n.\n",
    b"\r.\r",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\0",
    b"x",
]


def check(octets: bytes) -> None:
    step = octets[0] % 7 + 1 if octets else 1
    whole, cut = DataReader(), DataReader()
    read = whole.feed(octets)
    parts, at = b"", 0
    while at < len(octets) and not cut.ended:
        parts += cut.feed(octets[at : at + step])
        at += step
    assert (parts, cut.ended, cut.fault) == (read, whole.ended, whole.fault)
    assert cut.rest + octets[at:] == whole.rest
    _compare(octets, whole, read)


def _compare(octets: bytes, reader: DataReader, read: bytes) -> None:
    lines = octets.split(b"\r\n")
    assert reader.ended == (b"." in lines[:-1])
    if reader.ended:
        end = lines.index(b".")
        kept = [line.removeprefix(b".") for line in lines[:end]]
        assert read == b"".join(line + b"\r\n" for line in kept)
        assert reader.rest == b"\r\n".join(lines[end + 1 :])
    if reader.ended and reader.fault is None:
        assert b"\0" not in read
        assert read.count(b"\r") == read.count(b"\n") == read.count(b"\r\n")
        _send_on(read)


def _send_on(read: bytes) -> None:
    """What we took, the next hop takes as the same."""
    next_hop = DataReader()
    assert next_hop.feed(encode_data(read)) == read
    assert next_hop.ended
    assert next_hop.rest == b""
