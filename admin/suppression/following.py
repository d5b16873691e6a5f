"""What the journal teaches: who is not written to any more, and who is again.

Owns   which journal rows matter, and their effect on the book, in the follower's own transaction (Q9).
Knows  not how rows are read (admin.follower), and no rule: the bounce rules in force are given.

Invariants
    Applied once or ten times, in any order of repetition, the book is the same.
    NO_SUCH_USER marks an address at once, if the rules suppress by the words (a bare code says too little); a missing
    domain does when a second look-up a day later agrees (second_look).
    A delivery lifts what was known before it, and only of a person's letter.
"""

from collections.abc import Sequence

import msgspec

from ...mta.dns.route import UnroutableKind
from ...policy.bounces.categories import NO_SUCH_USER
from ...policy.bounces.meaning import Action, BounceKind, Meaning
from ...policy.bounces.ruling import BounceRules
from ...policy.suppression import EntrySource, Evidence, Lifter, Reason, same_mailbox
from ...queue.classes import MailClass
from ...queue.journal import Facts, JournalKind
from ..store import Transaction
from . import book
from .entry import Entry, encode_evidence
from .judging import meaning_of

_BOUNCES = {JournalKind.BOUNCED: EntrySource.REPLY, JournalKind.LATE_BOUNCE: EntrySource.NOTICE}
_FEEDBACK: dict[str, Reason | None] = {"not-spam": None, "opt-out": Reason.UNSUBSCRIBE}
"""Feedback types that are no complaint; None suppresses nobody. Any other is one (RFC 5965 §3.5)."""


class Heard(msgspec.Struct, frozen=True):
    """A journal row that `concerns` somebody, with whom."""

    seq: int
    at_ms: int
    kind: JournalKind
    account_id: int
    recipient_id: int
    address: str
    mail_class: MailClass
    facts: Facts


def concerns(kind: JournalKind, facts: Facts, *, lifts: bool) -> bool:
    """Whether the row may change the book. `lifts`: as `may_lift_any` said; else no delivery is looked at."""
    if kind is JournalKind.DELIVERED:
        return lifts
    return kind is JournalKind.COMPLAINT or (kind in _BOUNCES and _marks(kind, facts))


async def may_lift_any(reading: Transaction) -> bool:
    """Whether there is anything that a delivery could lift; ask before a page is read."""
    return await book.count(reading, book.Chosen(reason=Reason.HARD_BOUNCE)) > 0


async def suppress_from(transaction: Transaction, rows: Sequence[Heard], rules: BounceRules) -> None:
    """Apply, in the order of the journal; rows that do not concern the book are passed over."""
    for row in rows:
        match row.kind:
            case JournalKind.BOUNCED | JournalKind.LATE_BOUNCE if _marks(row.kind, row.facts):
                await _bounced(transaction, row, rules)
            case JournalKind.COMPLAINT:
                await _complained(transaction, row)
            case JournalKind.DELIVERED if row.mail_class is MailClass.PEOPLE:
                await _reached(transaction, row)
            case _:
                pass


def _marks(kind: JournalKind, facts: Facts) -> bool:
    if facts.recipient or (kind is JournalKind.LATE_BOUNCE and facts.bounce_kind != BounceKind.HARD):
        return False  # it had been forwarded: whose mailbox is missing was not written to by us
    return facts.category in (NO_SUCH_USER, UnroutableKind.NO_SUCH_DOMAIN)


async def _bounced(transaction: Transaction, row: Heard, rules: BounceRules) -> None:
    tree, address = await book.tree_of(transaction, row.account_id), same_mailbox(row.address)
    evidence = evidence_of(row)
    source = _BOUNCES[row.kind]
    if row.facts.category == NO_SUCH_USER:
        meaning = meaning_of(evidence, source, rules)
        if meaning.action is Action.SUPPRESS:
            named = _with_rule(evidence, meaning)
            entry = Entry(address, Reason.HARD_BOUNCE, source, tree, created_ms=row.at_ms, evidence=named)
            await book.apply(transaction, entry)
        return
    await transaction.run(
        "INSERT INTO suppression_pending (domain, account_id, address, since_ms, evidence) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        address.rpartition("@")[2],
        tree,
        address,
        row.at_ms,
        encode_evidence(evidence),
    )


def _with_rule(evidence: Evidence, meaning: Meaning) -> Evidence:
    """Rows of replies do not keep the rule; those of notices do."""
    if evidence.rule:
        return evidence
    return msgspec.structs.replace(evidence, rule=meaning.rule, words=meaning.words)


async def _complained(transaction: Transaction, row: Heard) -> None:
    reason = _FEEDBACK.get(row.facts.category, Reason.COMPLAINT)
    if reason is not None:
        tree = await book.tree_of(transaction, row.account_id)
        address, evidence = same_mailbox(row.address), evidence_of(row)
        entry = Entry(address, reason, EntrySource.FEEDBACK, tree, created_ms=row.at_ms, evidence=evidence)
        await book.apply(transaction, entry)


async def _reached(transaction: Transaction, row: Heard) -> None:
    tree = await book.tree_of(transaction, row.account_id)
    lifting = book.Lifting(Lifter.DELIVERY, row.at_ms, why=f"journal {row.seq}")
    for entry in await book.of_address(transaction, same_mailbox(row.address), tree):
        if entry.created_ms <= row.at_ms and not entry.is_pattern:
            await book.lift(transaction, entry, lifting)


def evidence_of(row: Heard) -> Evidence:
    """Enough to judge it again."""
    facts = row.facts
    return Evidence(
        journal=row.seq,
        inbound=facts.inbound,
        recipient=row.recipient_id,
        code=facts.code,
        enhanced=facts.enhanced,
        text=facts.text,
        category=facts.category,
        stage=facts.stage,
        provider=facts.provider or facts.site,
        host=facts.host or facts.remote,
        rule=facts.rule,
        words=facts.words,
    )
