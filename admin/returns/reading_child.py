"""The reader of strangers' octets: `python -m youtong.admin.returns.reading_child CONFIG`, a process of its own.

Owns   the loop: a frame of octets on standard input, a frame with a Reading on standard output, until end of input.
Knows  no message's number, opens no file but the rules. What it may use of memory is bounded, and whoever started it
       bounds the time: so a message that hangs or bursts a reader costs that message, and nothing else.
"""

import resource
import struct
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from ...mta.reports.reading import read_report
from .read_mail import reading_of
from .rules_in_force import rules_of

MEMORY_BYTES = 1 << 30  # of addresses, in which Python and its libraries take a quarter
LENGTH = struct.Struct(">I")


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    rules = rules_of(Path(sys.argv[1]))
    while (octets := _frame(sys.stdin.buffer)) is not None:
        answer = msgspec.json.encode(reading_of(read_report(octets), rules))
        sys.stdout.buffer.write(LENGTH.pack(len(answer)) + answer)
        sys.stdout.buffer.flush()


def _frame(stream: BinaryIO) -> bytes | None:
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    return stream.read(length)


if __name__ == "__main__":
    main()
