"""Invariant: octets between owner and worker are a frame of ours or refused by the decoder, and by nothing else."""

import contextlib

import msgspec
from youtong.mta.frames import FrameReader
from youtong.queue.protocol import from_owner, from_worker

TOKENS = [
    b"\x05\0\0\0",
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff",
    b"\x81",
    b"\xa6report",
    b"\xa5hello",
    b"\x93",
    b"\xc0",
]


def check(octets: bytes) -> None:
    for body in (octets, *FrameReader().feed(octets)):
        for decode in (from_owner, from_worker):
            with contextlib.suppress(msgspec.DecodeError):
                decode(body)
