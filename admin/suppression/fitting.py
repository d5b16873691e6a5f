"""Which patterns of the book an address fits, for people who look.

Owns   the question. Whoever judges mail asks lookup.
"""

from ...policy.suppression_patterns import BadPattern, Patterns, read_pattern
from ..store import Transaction
from . import book
from .entry import Entry


async def fitting(transaction: Transaction, address: str) -> list[Entry]:
    """Entries of patterns that cover an address in its one form, of every tree."""
    known = Patterns()
    for entry in await book.patterns(transaction):
        try:
            known.add(read_pattern(entry.address), entry)
        except BadPattern:  # damaged; lookup passes it over too
            continue
    return [each for each in known.fitting(address) if isinstance(each, Entry)]
