"""What waits, summed by provider and flow: for people and metrics, who must not read a million rows to say a number.

Owns   the table `waiting`, written together with the backlog whose sums it keeps.
Knows  of domains only which provider each belongs to.

Invariants
    At every commit a row is the sum of `backlog.waiting` over the domains of its provider, and there is none for 0.
"""

import sqlite3
from collections.abc import Iterable

_MAX_CACHED = 50_000  # domains
_ADD = """
INSERT INTO waiting (provider, flow_id, waiting) VALUES (?1, ?2, ?3)
ON CONFLICT DO UPDATE SET waiting = waiting + ?3
"""


class WaitingSums:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._provider: dict[int, str] = {}
        self._noted: dict[tuple[str, int], int] = {}

    def forget(self) -> None:
        """Something was rolled back."""
        self._noted.clear()
        self._provider.clear()

    def add(self, counted: Iterable[tuple[int, int, int]]) -> None:
        """(domain, flow, count): so many more are counted in the backlog's row; fewer, if below 0."""
        noted = self._noted
        for domain_id, flow_id, count in counted:
            key = (self._provider_of(domain_id), flow_id)
            noted[key] = noted.get(key, 0) + count

    def moved(self, domain_id: int, before: str, provider: str) -> None:
        """A domain whose notes are all in the backlog's rows belongs to another provider."""
        query = "SELECT flow_id, waiting FROM backlog WHERE domain_id = ?"
        for flow_id, waiting in self._db.execute(query, (domain_id,)).fetchall():
            for name, count in ((before, -waiting), (provider, waiting)):
                self._noted[name, flow_id] = self._noted.get((name, flow_id), 0) + count
        self._provider.pop(domain_id, None)

    def write(self) -> None:
        """Into the rows what was noted since the last time."""
        if not self._noted:
            return
        noted, self._noted = self._noted, {}
        rows = [(*key, count) for key, count in noted.items() if count]
        self._db.executemany(_ADD, rows)
        fewer = [row[:2] for row in rows if row[2] < 0]
        self._db.executemany("DELETE FROM waiting WHERE provider = ? AND flow_id = ? AND waiting <= 0", fewer)

    def _provider_of(self, domain_id: int) -> str:
        provider = self._provider.get(domain_id)
        if provider is None:
            if len(self._provider) >= _MAX_CACHED:
                self._provider.clear()
            row = self._db.execute("SELECT ifnull(provider, '') FROM domain WHERE id = ?", (domain_id,)).fetchone()
            provider = self._provider[domain_id] = row[0] if row else ""
        return provider
