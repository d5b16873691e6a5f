"""Looking up whether addresses are suppressed: fast, in whatever process asks, always as app.db is now.

Owns   a read-only connection of its own to app.db, and what is kept in memory: which trees have entries that stop which
       class, and all patterns. Entries themselves stay on the disk: memory does not grow with them.
Knows  no decision (gate, intake). Used from one thread.

Invariants
    A change is seen within POLL_SECONDS; where there are no entries that could stop a letter, nothing is read for it.
    One statement a batch, whatever its length: 1,000 recipients against 5,000,000 entries take 3 to 5 ms.
    After a fault the file is left alone for FAULT_SECONDS, and asking raises at once.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

import msgspec

from ...mta.clock import Clock
from ...policy.suppression import INSTALLATION, RANK, REACH, Reason, same_mailbox
from ...policy.suppression_patterns import BadPattern, Patterns, read_pattern
from ...queue.classes import MailClass
from ..store import StoreError

POLL_SECONDS = 0.25
FAULT_SECONDS = 1.0
_CACHE_KIB = 8192
_MOST_EXPIRED = 10_000  # that upkeep has not taken away yet; more of them stand until it has
_FOUND = """
SELECT json_group_array(asked.key), json_group_array(s.account_id), json_group_array(s.reason), json_group_array(s.id)
FROM json_each(?) AS asked CROSS JOIN suppression AS s ON s.address = asked.value AND s.is_pattern = 0
"""
"""One value in and one row out, whatever the length; and only what the index has: an entry's own row would be one more
page each."""
_SAMPLE = """
WITH RECURSIVE at (id) AS (SELECT 1 UNION ALL SELECT id + ?1 FROM at WHERE id + ?1 <= ?2)
SELECT address FROM at JOIN suppression USING (id)
"""
_SAMPLES = 2000
_numbers, _words = msgspec.json.Decoder(list[int]), msgspec.json.Decoder(list[str])
_REASONS = {str(reason): reason for reason in Reason}


class Asked(msgspec.Struct, frozen=True, gc=False):
    """A recipient: whose mail, of which class, to whom."""

    tree: int
    mail_class: MailClass
    address: str


class Hit(msgspec.Struct, frozen=True, gc=False):
    """The gravest entry that stops it."""

    reason: Reason
    entry: int
    tree: int


class _Standing(msgspec.Struct, frozen=True):
    """What is known without looking: trees that have entries, by the class that these stop; patterns."""

    exact: dict[MailClass, frozenset[int]]
    patterns: Patterns
    patterns_number: int

    @property
    def has_exact(self) -> bool:
        return any(self.exact.values())

    @property
    def is_empty(self) -> bool:
        return not self.patterns and not self.has_exact

    def may_stop(self, asked: "Asked") -> bool:
        """Whether any entry could."""
        trees = self.exact[asked.mail_class]
        return asked.tree in trees or INSTALLATION in trees or bool(self.patterns)


_NOTHING = _Standing({each: frozenset() for each in MailClass}, Patterns(), 0)


class SuppressionLookup:
    def __init__(self, app_db: Path, clock: Clock) -> None:
        self._path, self._clock = app_db, clock
        self._db: sqlite3.Connection | None = None
        self._version = -1
        self._standing = _NOTHING
        self._expired: frozenset[int] = frozenset()
        self._look_at = float("-inf")
        self._fault: StoreError | None = None

    def open(self) -> None:
        """Get ready for the first question: with a large book some 15 ms, which it would take longer. Never raises."""
        self._look()
        if self._fault is None and self._standing.has_exact:
            try:
                self._entries(sorted(self._sample()))
            except sqlite3.Error as error:
                self._failed(error)

    def _sample(self) -> set[str]:
        """Addresses from all over the book: on the way to them lie the pages that are on the way to any."""
        db = self._opened()
        last = db.execute("SELECT ifnull(max(id), 0) FROM suppression").fetchone()[0]
        return {address for (address,) in db.execute(_SAMPLE, (max(1, last // _SAMPLES), last))}

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    @property
    def is_empty(self) -> bool:
        """Whether nobody at all is suppressed. Raises StoreError."""
        if self._clock.monotonic() >= self._look_at:
            self._look()
        if self._fault is not None:
            raise self._fault
        return self._standing.is_empty

    def find(self, asked: Sequence[Asked]) -> list[Hit | None]:
        """What stops each, in order. Raises StoreError."""
        if self.is_empty:
            return [None] * len(asked)
        try:
            return self._find(asked)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def since_ms(self, entry: int) -> int:
        """When an entry was made; 0 when it has gone meanwhile. Raises StoreError."""
        try:
            row = self._opened().execute("SELECT created_ms FROM suppression WHERE id = ?", (entry,)).fetchone()
        except sqlite3.Error as error:
            raise self._failed(error) from error
        return row[0] if row else 0

    def _find(self, asked: Sequence[Asked]) -> list[Hit | None]:
        forms = self._forms(asked)
        wanted = {*forms}
        wanted.discard("")
        entries = self._entries(sorted(wanted))  # in order: neighbours in the index are read together
        if self._standing.patterns:
            self._cover(entries, wanted)
        if not entries:
            return [None] * len(asked)
        found = map(entries.get, forms)
        return [None if hits is None else self._gravest(hits, one) for hits, one in zip(found, asked, strict=True)]

    def _forms(self, asked: Sequence[Asked]) -> list[str]:
        """Addresses as they are looked up; "" where nothing can stop the letter."""
        forms: list[str] = []
        before, is_concerned = None, False
        for one in asked:
            if before is None or one.tree != before.tree or one.mail_class is not before.mail_class:
                before, is_concerned = one, self._standing.may_stop(one)  # mostly once: a batch is of few flows
            forms.append(same_mailbox(one.address) if is_concerned else "")
        return forms

    def _entries(self, forms: list[str]) -> dict[str, list[Hit]]:
        """By address."""
        entries: dict[str, list[Hit]] = {}
        if not forms or not self._standing.has_exact:
            return entries
        keys, trees, reasons, numbers = self._opened().execute(_FOUND, (json.dumps(forms),)).fetchone()
        words = map(_REASONS.__getitem__, _words.decode(reasons))
        hits = map(Hit, words, _numbers.decode(numbers), _numbers.decode(trees))
        for at, hit in zip(_numbers.decode(keys), hits, strict=True):
            entries.setdefault(forms[at], []).append(hit)
        return entries

    def _cover(self, entries: dict[str, list[Hit]], forms: Iterable[str]) -> None:
        """Add the patterns that fit."""
        for form in forms:
            covering = [each for each in self._standing.patterns.fitting(form) if isinstance(each, Hit)]
            if covering:
                entries[form] = [*entries.get(form, ()), *covering]

    def _gravest(self, hits: Sequence[Hit], asked: Asked) -> Hit | None:
        if len(hits) == 1:  # all but a few
            return hits[0] if self._stops(hits[0], asked) else None
        stopping = [hit for hit in hits if self._stops(hit, asked)]
        return min(stopping, key=lambda hit: (RANK[hit.reason], hit.entry), default=None)

    def _stops(self, hit: Hit, asked: Asked) -> bool:
        is_of_tree = hit.tree == asked.tree or hit.tree == INSTALLATION
        return is_of_tree and asked.mail_class in REACH[hit.reason] and hit.entry not in self._expired

    # -- what is kept in memory -----------------------------------------------------------------------------------

    def _look(self) -> None:
        now = self._clock.monotonic()
        try:
            db = self._opened()
            version = db.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version:
                self._standing = _read_standing(db, self._standing)
                self._version = version
            if not self._standing.is_empty:
                self._expired = _read_expired(db, self._clock.now_ms())
        except sqlite3.Error as error:
            self._failed(error)
            return
        self._fault, self._look_at = None, now + POLL_SECONDS

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            uri = f"file:{quote(str(self._path))}?mode=ro"
            self._db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=0)
            self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._version = -1
        return self._db

    def _failed(self, error: sqlite3.Error) -> StoreError:
        self.close()
        self._fault, self._look_at = StoreError(str(error)), self._clock.monotonic() + FAULT_SECONDS
        return self._fault


def _read_standing(db: sqlite3.Connection, before: _Standing) -> _Standing:
    trees: defaultdict[Reason, set[int]] = defaultdict(set)
    counted = "SELECT account_id, reason FROM suppression_count WHERE is_pattern = 0 AND count > 0"
    for tree, reason in db.execute(counted):
        trees[Reason(reason)].add(tree)
    exact = {
        each: frozenset(tree for reason, classes in REACH.items() if each in classes for tree in trees[reason])
        for each in MailClass
    }
    number = db.execute("SELECT number FROM suppression_pattern_generation").fetchone()[0]
    patterns = before.patterns if number == before.patterns_number else _read_patterns(db)
    return _Standing(exact, patterns, number)


def _read_patterns(db: sqlite3.Connection) -> Patterns:
    patterns = Patterns()
    rows = db.execute("SELECT address, account_id, reason, id FROM suppression WHERE is_pattern = 1")
    for text, tree, reason, number in rows:
        try:
            patterns.add(read_pattern(text), Hit(Reason(reason), number, tree))
        except BadPattern:  # it was read when it was written: a damaged row stops nobody else's mail (Q7)
            continue
    return patterns


def _read_expired(db: sqlite3.Connection, now_ms: int) -> frozenset[int]:
    """Entries whose time is over and that upkeep will take away."""
    asked = "SELECT id FROM suppression WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ?"
    return frozenset(number for (number,) in db.execute(asked, (now_ms, _MOST_EXPIRED)))
