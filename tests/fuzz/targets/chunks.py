"""Invariant: content by BDAT is judged as the same content by DATA would be, and goes on as the same octets."""

from youtong.mta.smtp.chunk_reader import ChunkReader
from youtong.mta.smtp.data import encode_data
from youtong.mta.smtp.data_reader import DataReader

TOKENS = [b"\r\n.\r\n", b"\r\n", b"\r", b"\n", b".", b"..", b"\r\n.", b"\n.\n", b"\0", b"x", b"\xff"]


def check(octets: bytes) -> None:
    step = octets[0] % 7 + 1 if octets else 1
    whole, cut = ChunkReader(), ChunkReader()
    read = whole.feed(octets)
    read += whole.finish()
    parts = b"".join(cut.feed(octets[at : at + step]) for at in range(0, len(octets), step)) + cut.finish()
    assert cut.fault == whole.fault
    if whole.fault is not None:
        return
    assert parts == read
    assert read.removesuffix(b"\r\n") == octets.removesuffix(b"\r\n")
    by_data = DataReader()
    assert by_data.feed(encode_data(read)) == read
    assert by_data.ended
    assert by_data.fault is None
