"""A recipient's history as the archive keeps it: one value instead of many rows.

Owns   its form (JSON) and the way back to journal rows.
Knows  no table. Nobody looks into a history but to show it whole.
"""

from collections.abc import Iterable

import msgspec

from ..journal import JournalRow, decode_facts, kind_of

Entry = tuple[int, int, str, int, int, int, int, str]
"""A journal row in the order of its columns; facts encoded."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[Entry])


def history_text(entries: Iterable[Entry]) -> bytes:
    """Entries oldest first."""
    return _encoder.encode(list(entries))


def entries_of(text: bytes) -> list[Entry]:
    """Oldest first."""
    return _decoder.decode(text)


def history_of(text: bytes) -> list[JournalRow]:
    return [journal_row(entry) for entry in entries_of(text)]


def journal_row(entry: Entry) -> JournalRow:
    seq, at_ms, kind, account_id, message_id, recipient_id, prev_seq, facts = entry
    return JournalRow(seq, at_ms, kind_of(kind), account_id, message_id, recipient_id, prev_seq, decode_facts(facts))
