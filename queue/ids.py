"""Numbers and names of queue rows.

Owns   the counters of message, recipient and journal rows (the owner is the only writer, so memory decides the next
       number), and the queue id as people see it.
Knows  nothing else. A number may be skipped, never used twice: AUTOINCREMENT's table remembers the largest.
"""

import sqlite3
from typing import NewType
from zlib import crc32

QueueId = NewType("QueueId", str)
"""A message's number in base 32, as in `250 2.0.0 Ok: queued as 4k7`, e.g. "q0000f3"."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u
_WIDTH = 7


def queue_id(message_id: int) -> QueueId:
    digits = ""
    while message_id or len(digits) < _WIDTH:
        message_id, digit = divmod(message_id, 32)
        digits = _ALPHABET[digit] + digits
    return QueueId(f"q{digits}")


def inbound_id(seq: int) -> str:
    """A stored inbound message as people see it, e.g. "i0000f3"."""
    return "i" + queue_id(seq)[1:]


def parse_queue_id(text: str) -> int:
    """The message's number. Raises ValueError with one sentence."""
    digits = text.strip().lower().removeprefix("q").replace("o", "0").replace("i", "1").replace("l", "1")
    if not digits or any(digit not in _ALPHABET for digit in digits) or len(digits) > 13:
        raise ValueError(f"'{text}' is not a queue id; one looks like {queue_id(12345)}")
    number = 0
    for digit in digits:
        number = number * 32 + _ALPHABET.index(digit)
    if number >= 1 << 63:  # no row has such a number
        raise ValueError(f"'{text}' is not a queue id; one looks like {queue_id(12345)}")
    return number


def parse_inbound_id(text: str) -> int:
    """The number of a stored inbound message. Raises ValueError."""
    return parse_queue_id(text.strip().lower().removeprefix("i"))


def address_hash(address: str) -> int:
    """What the index on addresses holds: the same for all spellings of case."""
    return crc32(address.lower().encode("utf-8", "surrogateescape"))


class Counters:
    """The next numbers."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._message = _largest(connection, "message")
        self._recipient = _largest(connection, "recipient")
        self._journal = _largest(connection, "journal")

    def message(self) -> int:
        self._message += 1
        return self._message

    def recipient(self) -> int:
        self._recipient += 1
        return self._recipient

    def journal(self) -> int:
        self._journal += 1
        return self._journal


def _largest(connection: sqlite3.Connection, table: str) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return row[0] if row else 0
