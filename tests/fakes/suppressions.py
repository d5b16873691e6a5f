"""A book of suppressions in a test's folder, its lookup and its gate."""

from pathlib import Path

from fakes.clock import FakeClock
from youtong.admin.store import AppDatabase
from youtong.admin.suppression import book
from youtong.admin.suppression.entry import Entry
from youtong.admin.suppression.gate import SuppressionGate
from youtong.admin.suppression.lookup import POLL_SECONDS, SuppressionLookup
from youtong.policy.suppression import EntrySource, Reason, same_mailbox
from youtong.policy.suppression_patterns import is_pattern, read_pattern
from youtong.queue.classes import MailClass
from youtong.queue.gate import Candidate, GateDecision

TREES = {3: 2}
"""Account 3 is a sub-account of 2."""


class Book:
    """Made by `open`; `close` it."""

    def __init__(self, app: AppDatabase, folder: Path) -> None:
        self.app, self.clock = app, FakeClock()
        self.lookup = SuppressionLookup(folder / "app.db", self.clock)
        self.gate = SuppressionGate(self.lookup, lambda account_id: TREES.get(account_id, account_id))

    @classmethod
    async def open(cls, folder: Path) -> "Book":
        return cls(await AppDatabase.open(folder / "app.db"), folder)

    async def close(self) -> None:
        self.lookup.close()
        await self.app.close()

    async def add(
        self,
        address: str,
        reason: Reason = Reason.HARD_BOUNCE,
        *,
        account_id: int = 2,
        expires_ms: int | None = None,
        source: EntrySource = EntrySource.PERSON,
    ) -> Entry:
        """As it is in the book then; what was looked up before is forgotten."""
        pattern = is_pattern(address)
        form = str(read_pattern(address)) if pattern else same_mailbox(address)
        entry = Entry(form, reason, source, account_id, pattern, "ann", self.clock.now_ms(), expires_ms)
        async with self.app.transaction() as transaction:
            await book.apply(transaction, entry)
        self.clock.advance(POLL_SECONDS)
        return (await self.entries(form))[-1]

    async def entries(self, address: str) -> list[Entry]:
        async with self.app.reading() as transaction:
            return await book.of_address(transaction, same_mailbox(address))

    def decide(self, *addresses: str, mail_class: MailClass = MailClass.BULK, account_id: int = 2) -> list[str]:
        """What the gate says: "send", "wait", or the reason."""
        batch = [Candidate(account_id, 0, mail_class, address) for address in addresses]
        return [_word(each) for each in self.gate.decide(batch)]


def _word(decision: GateDecision) -> str:
    return getattr(decision, "reason", type(decision).__name__.lower())
