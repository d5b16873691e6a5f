"""Reads of what waits, summed: by provider and flow, for people and metrics.

Owns   the SQL over `backlog`, `domain` and `flow`, read in steps of domains so that none keeps a snapshot for long.
Knows  no page. Runs on a read-only connection, in whatever process asks: the owner pays nothing.

Invariants
    Nothing is counted: `backlog.waiting` is a counter that the store keeps. A step reads STEP domains' rows.
"""

import sqlite3
from collections.abc import Iterator

import msgspec

STEP = 50_000  # domains; some 30 ms

_SUMS = """
SELECT ifnull(d.provider, ''), b.flow_id, f.mail_class, sum(b.waiting), min(b.due_ms)
FROM backlog AS b CROSS JOIN domain AS d ON d.id = b.domain_id CROSS JOIN flow AS f ON f.id = b.flow_id
WHERE b.domain_id > ? AND b.domain_id <= ? GROUP BY 1, 2
"""
_OF_DOMAIN = """
SELECT ifnull(d.provider, ''), b.flow_id, f.mail_class, b.waiting, b.due_ms
FROM domain AS d CROSS JOIN backlog AS b ON b.domain_id = d.id CROSS JOIN flow AS f ON f.id = b.flow_id WHERE d.name = ?
"""
_OF_PROVIDER = """
SELECT d.provider, b.flow_id, f.mail_class, sum(b.waiting), min(b.due_ms)
FROM domain AS d CROSS JOIN backlog AS b ON b.domain_id = d.id CROSS JOIN flow AS f ON f.id = b.flow_id
WHERE d.provider = ? GROUP BY b.flow_id
"""
_FLOWS = """
SELECT f.id, f.account_id, f.mail_class, f.stream_id, f.sender_domain, ifnull(s.name, '')
FROM flow AS f LEFT JOIN stream AS s ON s.id = f.stream_id AND f.stream_id > 0 WHERE f.id = ?
"""


class WaitingSum(msgspec.Struct, frozen=True):
    """Scheduled recipients of a flow to a provider ("" while no route is known); `due_ms`: the soonest of them."""

    provider: str
    flow_id: int
    mail_class: str
    waiting: int
    due_ms: int | None


class FlowRow(msgspec.Struct, frozen=True, array_like=True):
    """Whose mail a flow is. `stream` is its name, "" for submitted mail."""

    id: int
    account_id: int
    mail_class: str
    stream_id: int
    sender_domain: str
    stream: str


def sums(db: sqlite3.Connection) -> Iterator[WaitingSum]:
    """Of all that waits; a provider and flow may come in several parts."""
    (last,) = db.execute("SELECT ifnull(max(domain_id), 0) FROM backlog").fetchone()
    for start in range(0, last, STEP):
        yield from (WaitingSum(*row) for row in db.execute(_SUMS, (start, start + STEP)).fetchall() if row[3])


def of_domain(db: sqlite3.Connection, domain: str) -> list[WaitingSum]:
    return [WaitingSum(*row) for row in db.execute(_OF_DOMAIN, (domain,)) if row[3]]


def of_provider(db: sqlite3.Connection, provider: str) -> list[WaitingSum]:
    """By flow; costs what the provider has of domains with mail."""
    return [WaitingSum(*row) for row in db.execute(_OF_PROVIDER, (provider,)) if row[3]]


def provider_of(db: sqlite3.Connection, domain: str) -> str:
    """Where the domain's mail went when that was last learned; "" when it never was."""
    row = db.execute("SELECT ifnull(provider, '') FROM domain WHERE name = ?", (domain,)).fetchone()
    return row[0] if row else ""


def flow(db: sqlite3.Connection, flow_id: int) -> FlowRow | None:
    row = db.execute(_FLOWS, (flow_id,)).fetchone()
    return FlowRow(*row) if row else None
