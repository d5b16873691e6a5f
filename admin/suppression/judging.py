"""Judging by the bounce rules: whether words justify an entry, and again for all entries when the rules are others.

Owns   the question put to the rules, the walk over automatic entries, and how far it has come.
Knows  no file of rules: rules and their fingerprint are given.

Invariants
    Only what a rule suppresses by is suppressed: a bare code never does (policy.bounces.ruling).
    Judging again lifts what the rules no longer justify, with a row that says so, and never makes an entry: what was
    not suppressed then has no words kept. An entry without words stays.
    The walk goes on where it stood after a death; each page and its place are one transaction.
"""

import hashlib
from pathlib import Path

import msgspec

from ...mta.outcome import Stage
from ...mta.reply import reply_line
from ...policy.bounces.loading import SHIPPED, beside
from ...policy.bounces.meaning import Action, Meaning
from ...policy.bounces.rule import Origin
from ...policy.bounces.ruling import BounceRules
from ...policy.bounces.said import Said
from ...policy.suppression import EntrySource, Evidence, Lifter
from ..store import AppDatabase, Transaction
from . import book
from .entry import COLUMNS, Entry, entry_of

PAGE = 500


class Repaired(msgspec.Struct, frozen=True):
    """An entry that the rules do not justify, and what they say now."""

    entry: Entry
    meaning: Meaning


def fingerprint(config_file: Path) -> str:
    """Of the rules that belong to a configuration: another when any of their text is. Raises OSError."""
    texts = [path.read_bytes() for path in dict.fromkeys((SHIPPED, beside(config_file)))]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def meaning_of(evidence: Evidence, source: EntrySource, rules: BounceRules) -> Meaning:
    """What the rules say of the kept words; an address may be marked by it if its action is to suppress."""
    origin = Origin.NOTICE if source is EntrySource.NOTICE else Origin.REPLY
    text = reply_line(evidence.code, evidence.enhanced, evidence.text)
    return rules.meaning(Said(evidence.code, evidence.enhanced, text, evidence.provider, _stage(evidence), origin))


def _stage(evidence: Evidence) -> Stage | None:
    return Stage(evidence.stage) if evidence.stage in set(Stage) else None


# -- again ------------------------------------------------------------------------------------------------------------


async def is_judged(reading: Transaction, mark: str) -> bool:
    """Whether every automatic entry was judged by the rules of this fingerprint."""
    found = await reading.row("SELECT 1 FROM suppression_judging WHERE fingerprint = ? AND after_id IS NULL", mark)
    return found is not None


async def begin(transaction: Transaction, mark: str) -> int:
    """Where the walk with these rules goes on; 0: it starts."""
    found = await transaction.row("SELECT after_id FROM suppression_judging WHERE fingerprint = ?", mark)
    if found is not None and found[0] is not None:
        return found[0]
    await _reached(transaction, mark, 0)
    return 0


async def judge_page(
    app: AppDatabase, rules: BounceRules, after: int, lifting: book.Lifting | None, mark: str = ""
) -> tuple[list[Repaired], int | None]:
    """One page behind `after`: who is not justified, lifted unless `lifting` is None; and the next page's place.

    Raises StoreError.
    """
    async with app.transaction() if lifting else app.reading() as transaction:
        entries = await _page(transaction, after)
        repaired = [each for each in (_judged(entry, rules) for entry in entries) if each is not None]
        following = entries[-1].id if len(entries) == PAGE else None
        if lifting is not None:
            for each in repaired:
                because = msgspec.structs.replace(lifting, why=_why(each.meaning))
                await book.lift(transaction, each.entry, because)
            await _reached(transaction, mark, following)
    return repaired, following


async def judge_again(
    app: AppDatabase, rules: BounceRules, mark: str, now_ms: int, *, by: str = "", dry_run: bool = False
) -> list[Repaired]:
    """All of them. Raises StoreError."""
    lifting = None if dry_run else book.Lifting(Lifter.RULES, now_ms, by)
    after: int | None = 0
    if lifting:
        async with app.transaction() as transaction:
            after = await begin(transaction, mark)
    found: list[Repaired] = []
    while after is not None:
        repaired, after = await judge_page(app, rules, after, lifting, mark)
        found += repaired
    return found


def _judged(entry: Entry, rules: BounceRules) -> Repaired | None:
    evidence = entry.evidence
    if evidence is None or not (evidence.text or evidence.enhanced):
        return None
    meaning = meaning_of(evidence, entry.source, rules)
    return None if meaning.action is Action.SUPPRESS else Repaired(entry, meaning)


def _why(meaning: Meaning) -> str:
    """Facts for the row: the rule, and what it means."""
    return " ".join(part for part in (meaning.rule, meaning.category or "unknown") if part)


async def _page(transaction: Transaction, after: int) -> list[Entry]:
    rows = await transaction.rows(
        f"SELECT {COLUMNS} FROM suppression WHERE source IN ('reply', 'notice') AND id > ? ORDER BY id LIMIT ?",
        after,
        PAGE,
    )
    return [entry_of(row) for row in rows]


async def _reached(transaction: Transaction, mark: str, after: int | None) -> None:
    await transaction.run(
        "INSERT INTO suppression_judging VALUES (1, ?, ?)"
        " ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint, after_id = excluded.after_id",
        mark,
        after,
    )
