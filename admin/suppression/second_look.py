"""The second look: a domain that was missing is asked for again a day later, and only then marks its addresses.

Owns   which domains are due, the question to the name system, what its answer does to the addresses that wait, and
       which these are.
Knows  nothing of routes: NXDOMAIN is the one answer that marks (DECISIONS, "What a failure means").

Invariants
    A failure to answer decides nothing: the domain is asked for again in the next round.
    Rounds may be cut off anywhere: a domain's addresses are settled in one transaction.
"""

import msgspec

from ...mta.dns.answers import NoSuchName, Resolver, Unavailable
from ...policy.suppression import EntrySource, Evidence, Reason
from ..store import AppDatabase, Transaction
from . import book
from .entry import Entry, decode_evidence

AGAIN_AFTER_MS = 24 * 3_600_000
_DOMAINS = 200  # in one round; the others come in the next


class Waiting(msgspec.Struct, frozen=True):
    """An address whose domain was missing."""

    address: str
    account_id: int  # the master whose tree wrote to it
    since_ms: int
    evidence: Evidence | None

    @property
    def look_ms(self) -> int:
        """When its domain is asked for again, at the earliest."""
        return self.since_ms + AGAIN_AFTER_MS


async def waiting(transaction: Transaction, account_id: int | None, limit: int) -> list[Waiting]:
    """Of one tree or of all, those that have waited longest first."""
    rows = await transaction.rows(
        "SELECT address, account_id, since_ms, evidence FROM suppression_pending WHERE ifnull(account_id = ?, 1)"
        " ORDER BY since_ms LIMIT ?",
        account_id,
        limit,
    )
    return [Waiting(address, tree, since_ms, decode_evidence(evidence)) for address, tree, since_ms, evidence in rows]


async def look_again(app: AppDatabase, resolver: Resolver, now_ms: int) -> int:
    """One round; how many addresses were marked. Raises StoreError."""
    marked = 0
    for domain in await _due(app, now_ms):
        answer = await resolver.mx(domain)
        if isinstance(answer, Unavailable):
            continue
        async with app.transaction() as transaction:
            if isinstance(answer, NoSuchName):
                marked += await _mark(transaction, domain, now_ms)
            else:
                await transaction.run("DELETE FROM suppression_pending WHERE domain = ?", domain)
    return marked


async def _due(app: AppDatabase, now_ms: int) -> list[str]:
    async with app.reading() as reading:
        rows = await reading.rows(
            "SELECT domain FROM suppression_pending WHERE since_ms <= ? GROUP BY domain ORDER BY min(since_ms) LIMIT ?",
            now_ms - AGAIN_AFTER_MS,
            _DOMAINS,
        )
    return [domain for (domain,) in rows]


async def _mark(transaction: Transaction, domain: str, now_ms: int) -> int:
    """Those that have waited a day; whoever was written to since then waits on."""
    before_ms = now_ms - AGAIN_AFTER_MS
    rows = await transaction.rows(
        "SELECT account_id, address, evidence FROM suppression_pending WHERE domain = ? AND since_ms <= ?",
        domain,
        before_ms,
    )
    for account_id, address, evidence in rows:
        found = decode_evidence(evidence)
        entry = Entry(address, Reason.HARD_BOUNCE, EntrySource.LOOK_UP, account_id, created_ms=now_ms, evidence=found)
        await book.apply(transaction, entry)
    await transaction.run("DELETE FROM suppression_pending WHERE domain = ? AND since_ms <= ?", domain, before_ms)
    return len(rows)
