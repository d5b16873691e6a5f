"""Invariant: any octets of a name server are an answer to our question or a named trouble, never an exception."""

from youtong.mta.dns.reading import read
from youtong.mta.dns.records import ADDRESS, MX, TXT

TOKENS = [
    *(
        b"\x00\x01",
        b"\x00\x05",
        b"\x00\x0f",
        b"\x00\x1c",
        b"\xc0\x0c",
        b"\xc0\x00",
        b"\x81\x80",
        b"\x81\x83",
        b"\x83\x80",
    ),
    *(b"\x07example\x03org\x00", b"\x02mx\xc0\x0c", b"\x00\x00\x0e\x10", b"\x00\x04\x7f\x00\x00\x01", b"\x00\x29"),
    b"\xab\xcd\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x07example\x03org\x00\x00\x0f\x00\x01",
]


def check(octets: bytes) -> None:
    for kind in (MX, TXT, *ADDRESS.values()):
        read(octets, "example.org", kind)
