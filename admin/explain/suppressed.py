"""Which suppressions stand now for the recipients that are explained.

Owns   Standing, and its reading from app.db: entries of an address and patterns that cover it, whose time is not over.
Knows  no sentence (admin.suppression.words) and no verb.
"""

from collections.abc import Iterable, Mapping

import msgspec

from ...policy.suppression import RANK, same_mailbox
from ...policy.suppression_patterns import BadPattern, Patterns, read_pattern
from ..store import Transaction
from ..suppression import book
from ..suppression.entry import Entry
from .facts import Letter

MOST = 200  # addresses that are looked up; of a longer list the first


class Standing(msgspec.Struct, frozen=True):
    """Entries by address in its one form, the gravest first; `trees` are the masters of accounts."""

    entries: Mapping[str, tuple[Entry, ...]] = {}
    trees: Mapping[int, int] = {}

    def of_address(self, address: str) -> tuple[Entry, ...]:
        """Of every account."""
        return self.entries.get(same_mailbox(address), ())

    def of_letter(self, letter: Letter) -> tuple[Entry, ...] | None:
        """Those that hold for the account that sent it; None when its address was not looked up."""
        if same_mailbox(letter.recipient.address) not in self.entries:
            return None
        account = letter.recipient.account_id
        trees = (0, self.trees.get(account, account))
        return tuple(each for each in self.of_address(letter.recipient.address) if each.account_id in trees)


async def read_standing(
    transaction: Transaction, addresses: Iterable[str], accounts: Iterable[int], now_ms: int
) -> Standing:
    """Of the first MOST addresses."""
    patterns = await _patterns(transaction)
    found: dict[str, tuple[Entry, ...]] = {}
    for form in list(dict.fromkeys(map(same_mailbox, addresses)))[:MOST]:
        covering = [each for each in patterns.fitting(form) if isinstance(each, Entry)]
        entries = [*(each for each in await book.of_address(transaction, form) if not each.is_pattern), *covering]
        standing = [each for each in entries if each.expires_ms is None or each.expires_ms > now_ms]
        found[form] = tuple(sorted(standing, key=lambda each: (RANK[each.reason], each.id)))
    trees = {account: await book.tree_of(transaction, account) for account in set(accounts)}
    return Standing(found, trees)


async def _patterns(transaction: Transaction) -> Patterns:
    known = Patterns()
    for entry in await book.patterns(transaction):
        try:
            known.add(read_pattern(entry.address), entry)
        except BadPattern:  # damaged; it stops nobody
            continue
    return known
