"""An entry: one address or pattern that is not written to, for one reason, within one account's tree.

Owns   the values Entry and Lifted, and their form in a row.
Knows  no statement (book) and no rule (policy.suppression).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from ...policy.suppression import EntrySource, Evidence, Lifter, Reason

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Evidence)
COLUMNS = "id, account_id, address, is_pattern, reason, source, who, created_ms, expires_ms, evidence"


class Entry(msgspec.Struct, frozen=True):
    """`id` 0: not written yet."""

    address: str  # in the form of policy.suppression.same_mailbox, or a pattern in its one form
    reason: Reason
    source: EntrySource
    account_id: int = 0  # the master whose tree it holds for; 0: the whole installation
    is_pattern: bool = False
    who: str = ""
    created_ms: int = 0
    expires_ms: int | None = None
    evidence: Evidence | None = None
    id: int = 0

    def values(self) -> tuple[Any, ...]:
        """As a row, without the number."""
        evidence = None if self.evidence is None else encode_evidence(self.evidence)
        return (
            self.account_id,
            self.address,
            int(self.is_pattern),
            self.reason,
            self.source,
            self.who,
            self.created_ms,
            self.expires_ms,
            evidence,
        )


class Lifted(msgspec.Struct, frozen=True):
    """What was an entry once."""

    entry: Entry
    lifted_ms: int
    how: Lifter
    by: str  # who or what, in a word
    why: str


def entry_of(row: Sequence[Any]) -> Entry:
    """Of a row with COLUMNS."""
    number, account_id, address, is_pattern, reason, source, who, created_ms, expires_ms, evidence = row
    return Entry(
        address,
        Reason(reason),
        EntrySource(source),
        account_id,
        bool(is_pattern),
        who,
        created_ms,
        expires_ms,
        None if evidence is None else decode_evidence(evidence),
        number,
    )


def encode_evidence(evidence: Evidence) -> str:
    return _encoder.encode(evidence).decode()


def decode_evidence(text: str) -> Evidence | None:
    """None for what cannot be read: the entry stands, and is never judged again."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return None
