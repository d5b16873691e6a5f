"""The backlog: for each (domain, flow) how many recipients are scheduled, and when to look at them.

Owns   the table `backlog` for the owner: the counter, due times, and the loader's agenda (`look_ms`).
Knows  nothing of routes or lanes. Each method is part of an operation of GroupCommit; what operations note is gathered
       in memory and written by one statement before their COMMIT (`write`), or dropped on rollback (`forget`).

Invariants
    At every commit `waiting` is the number of scheduled recipients of the pair, and there is a row exactly while it is
    above 0; `due_ms` is no later than the soonest of them. A recipient that becomes scheduled, or due sooner, brings
    `look_ms` forward with it; only the loader moves it back.
"""

import sqlite3
from collections.abc import Iterable

import msgspec

from .waiting_sums import WaitingSums

_NEVER = 1 << 62

_NOTE = """
INSERT INTO backlog (domain_id, flow_id, waiting, due_ms, look_ms) VALUES (?1, ?2, ?3, ?4, ?4)
ON CONFLICT DO UPDATE SET waiting = waiting + ?3, due_ms = min(due_ms, ?4), look_ms = min(look_ms, ?4)
"""
# A counter that is wrong may hide nobody: whoever waits is counted out by a look into the index.
_GONE = """
DELETE FROM backlog WHERE domain_id = ?1 AND flow_id = ?2 AND waiting <= 0
AND NOT EXISTS (SELECT 1 FROM recipient WHERE domain_id = ?1 AND flow_id = ?2 AND state = 0)
"""
_AGENDA = """
SELECT b.look_ms, b.domain_id, b.flow_id, d.name FROM backlog AS b JOIN domain AS d ON d.id = b.domain_id
WHERE b.look_ms <= ? AND (b.look_ms, b.domain_id, b.flow_id) > (?, ?, ?)
ORDER BY b.look_ms, b.domain_id, b.flow_id LIMIT ?
"""
_FIRST = "SELECT min(next_ms) FROM recipient WHERE domain_id = ? AND flow_id = ? AND state = 0"
_UNPARK = """
UPDATE backlog SET look_ms = due_ms WHERE (domain_id, flow_id) IN (
    SELECT domain_id, flow_id FROM backlog INDEXED BY backlog_parked
    WHERE look_ms > due_ms AND (domain_id, flow_id) > (?, ?) ORDER BY domain_id, flow_id LIMIT ?
) RETURNING domain_id, flow_id
"""

Pair = tuple[int, int]
"""Domain and flow, by number."""


class DuePair(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A domain and flow that the loader has to look at."""

    look_ms: int
    domain_id: int
    flow_id: int
    domain: str

    @property
    def place(self) -> tuple[int, int, int]:
        return self.look_ms, self.domain_id, self.flow_id


class Backlog:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._sums = WaitingSums(connection)
        self._noted: dict[Pair, list[int]] = {}  # how many more wait, and the soonest due time noted

    def forget(self) -> None:
        """Something was rolled back."""
        self._noted.clear()
        self._sums.forget()

    # -- the counter ----------------------------------------------------------------------------------------------

    def scheduled(self, domain_id: int, flow_id: int, due_ms: int, count: int = 1) -> None:
        """Recipients have become scheduled; the soonest is due at `due_ms`."""
        noted = self._noted.get((domain_id, flow_id))
        if noted is None:
            self._noted[domain_id, flow_id] = [count, due_ms]
        else:
            noted[0] += count
            noted[1] = min(noted[1], due_ms)

    def gone(self, domain_id: int, flow_id: int) -> None:
        """A recipient is scheduled no longer."""
        self.scheduled(domain_id, flow_id, _NEVER, -1)

    def due(self, domain_id: int, flow_id: int, due_ms: int) -> None:
        """A scheduled recipient is due sooner than it was; or just: look at the pair by then."""
        self.scheduled(domain_id, flow_id, due_ms, 0)

    def write(self) -> None:
        """Into the rows what was noted since the last time. Called before each COMMIT."""
        if self._noted:
            noted, self._noted = self._noted, {}
            rows = [(*pair, count, due_ms) for pair, (count, due_ms) in noted.items() if count or due_ms != _NEVER]
            self._db.executemany(_NOTE, rows)
            self._sums.add(row[:3] for row in rows if row[2])
            fewer = [row[:2] for row in rows if row[2] <= 0]
            self._db.executemany(_GONE, fewer)
        self._sums.write()

    # -- the agenda -----------------------------------------------------------------------------------------------

    def agenda(self, after: tuple[int, int, int], now_ms: int, limit: int) -> list[DuePair]:
        """What is to be looked at by `now_ms`, beyond `after` = (look_ms, domain, flow), in that order."""
        self.write()
        return [DuePair(*row) for row in self._db.execute(_AGENDA, (now_ms, *after, limit))]

    def look_again(self, pairs: Iterable[tuple[int, int, int]]) -> None:
        """(domain, flow, look_ms): nothing of the pair has to be looked at before."""
        self.write()
        self._db.executemany(
            "UPDATE backlog SET look_ms = ?3 WHERE domain_id = ?1 AND flow_id = ?2 AND look_ms != ?3", pairs
        )

    def due_before(self, pairs: Iterable[Pair], before_ms: int) -> list[Pair]:
        """Those of `pairs` that may have somebody who was due before."""
        query = "SELECT 1 FROM backlog WHERE domain_id = ? AND flow_id = ? AND due_ms <= ?"
        return [pair for pair in pairs if self._db.execute(query, (*pair, before_ms)).fetchone()]

    def refresh(self, domain_id: int, flow_id: int) -> int | None:
        """Set due and look time of a pair to those of its first scheduled recipient; None when it has none."""
        self.write()
        due_ms = self._db.execute(_FIRST, (domain_id, flow_id)).fetchone()[0]
        if due_ms is None:
            query = "DELETE FROM backlog WHERE domain_id = ? AND flow_id = ? RETURNING waiting"
            wrong = self._db.execute(query, (domain_id, flow_id)).fetchall()
            self._sums.add((domain_id, flow_id, -waiting) for (waiting,) in wrong)
        else:
            self._db.execute(
                "UPDATE backlog SET due_ms = ?3, look_ms = ?3"
                " WHERE domain_id = ?1 AND flow_id = ?2 AND (due_ms != ?3 OR look_ms != ?3)",
                (domain_id, flow_id, due_ms),
            )
        return due_ms

    def unpark(self, after: Pair, limit: int) -> Pair | None:
        """Pairs beyond `after` that were put off are looked at when they are due. Where to go on; None at the end."""
        self.write()
        rows: list[Pair] = self._db.execute(_UNPARK, (*after, limit)).fetchall()
        return max(rows) if len(rows) == limit else None

    # -- where domains' mail goes ---------------------------------------------------------------------------------

    def learn(self, domains: Iterable[tuple[str, str, str]]) -> None:
        """(domain, site, provider) as the look-up of a route found them."""
        self.write()
        for name, site, provider in domains:
            row = self._db.execute(
                "SELECT id, site, ifnull(provider, '') FROM domain WHERE name = ?", (name,)
            ).fetchone()
            if row is not None and row[1:] != (site, provider):
                self._db.execute("UPDATE domain SET site = ?, provider = ? WHERE id = ?", (site, provider, row[0]))
                self._sums.moved(row[0], row[2], provider)
