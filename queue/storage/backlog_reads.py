"""Reads of what waits, summed: by provider and flow, for people and metrics.

Owns   the SQL over `waiting`, `backlog`, `domain` and `flow`.
Knows  no page. Runs on a read-only connection, in whatever process asks: the owner pays nothing.

Invariants
    Nothing is counted: `backlog.waiting` and its sums by provider are counters that the store keeps.
"""

import sqlite3
from collections.abc import Iterator

import msgspec

_SUMS = """
SELECT w.provider, w.flow_id, f.mail_class, w.waiting
FROM waiting AS w CROSS JOIN flow AS f ON f.id = w.flow_id WHERE w.waiting > 0
"""
_OF_DOMAIN = """
SELECT ifnull(d.provider, ''), b.flow_id, f.mail_class, b.waiting
FROM domain AS d CROSS JOIN backlog AS b ON b.domain_id = d.id CROSS JOIN flow AS f ON f.id = b.flow_id WHERE d.name = ?
"""
_LOOKED_AT = """
SELECT ifnull(d.provider, ''), b.look_ms FROM backlog AS b CROSS JOIN domain AS d ON d.id = b.domain_id
WHERE b.look_ms > ? AND b.look_ms <= ? ORDER BY b.look_ms LIMIT ?
"""
_MAX_LOOKED_AT = 5000  # pairs that are read to find when each provider's mail is next looked at

_FLOWS = """
SELECT f.id, f.account_id, f.mail_class, f.stream_id, f.sender_domain, ifnull(s.name, '')
FROM flow AS f LEFT JOIN stream AS s ON s.id = f.stream_id AND f.stream_id > 0 WHERE f.id = ?
"""


class WaitingSum(msgspec.Struct, frozen=True):
    """Scheduled recipients of a flow to a provider ("" while no route is known)."""

    provider: str
    flow_id: int
    mail_class: str
    waiting: int


class FlowRow(msgspec.Struct, frozen=True, array_like=True):
    """Whose mail a flow is. `stream` is its name, "" for submitted mail."""

    id: int
    account_id: int
    mail_class: str
    stream_id: int
    sender_domain: str
    stream: str


def sums(db: sqlite3.Connection) -> Iterator[WaitingSum]:
    """Of all that waits."""
    return (WaitingSum(*row) for row in db.execute(_SUMS))


def looked_at(db: sqlite3.Connection, now_ms: int) -> dict[str, int]:
    """When mail of each provider is next looked at, of those that come soonest; a time that has passed: now."""
    found: dict[str, int] = {}
    for after, until in ((-1, now_ms), (now_ms, 1 << 62)):
        for provider, look_ms in db.execute(_LOOKED_AT, (after, until, _MAX_LOOKED_AT)):
            found.setdefault(provider, look_ms)
    return found


def of_domain(db: sqlite3.Connection, domain: str) -> list[WaitingSum]:
    return [WaitingSum(*row) for row in db.execute(_OF_DOMAIN, (domain,)) if row[3]]


def of_provider(db: sqlite3.Connection, provider: str) -> list[WaitingSum]:
    """By flow."""
    return [WaitingSum(*row) for row in db.execute(_SUMS + "AND w.provider = ?", (provider,))]


def provider_of(db: sqlite3.Connection, domain: str) -> str:
    """Where the domain's mail went when that was last learned; "" when it never was."""
    row = db.execute("SELECT ifnull(provider, '') FROM domain WHERE name = ?", (domain,)).fetchone()
    return row[0] if row else ""


def flow(db: sqlite3.Connection, flow_id: int) -> FlowRow | None:
    row = db.execute(_FLOWS, (flow_id,)).fetchone()
    return FlowRow(*row) if row else None
