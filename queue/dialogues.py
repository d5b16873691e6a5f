"""Dialogues: numbering those that workers report, and their form in queue.db.

Owns   `Dialogues`, which gives each dialogue its number before the commit that writes it, and the stored form (JSON,
       readable by whoever looks into the file).
Knows  nothing of who is shown a dialogue; the rows are storage.dialogue_rows.
"""

import sqlite3
from collections.abc import Sequence

import msgspec

from ..mta.delivery.dialogue import Dialogue
from .storage import dialogue_rows

KEPT_BYTES = 64 * 1024 * 1024

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Dialogue)

Numbered = tuple[int, bytes]
"""A dialogue's number and its stored form."""


class Dialogues:
    def __init__(self, newest: int, keep_bytes: int = KEPT_BYTES) -> None:
        """`newest`: the highest number ever given. `keep_bytes` 0: none is kept."""
        self._newest, self._keep_bytes = newest, keep_bytes

    def number(self, dialogues: Sequence[Dialogue]) -> list[Numbered]:
        """Their numbers, to be named in facts and given to `write` in the same transaction. One that is not written
        leaves a gap."""
        if not self._keep_bytes:
            return [(0, b"")] * len(dialogues)
        numbered: list[Numbered] = []
        for dialogue in dialogues:
            said = _encoder.encode(dialogue)
            self._newest += len(said) + dialogue_rows.ROW_OCTETS
            numbered.append((self._newest, said))
        return numbered

    def write(self, db: sqlite3.Connection, numbered: Sequence[Numbered]) -> None:
        """Part of an operation of GroupCommit."""
        if self._keep_bytes:
            dialogue_rows.put(db, numbered, self._keep_bytes)


def decode(said: bytes) -> Dialogue:
    return _decoder.decode(said)
