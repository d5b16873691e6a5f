"""Rows that refer to rows that are gone, and how they are found without reading a whole table.

Owns   the SQL. Each function is part of an operation of GroupCommit and atomic with it.
Knows  not what becomes of them (queue.damage).
"""

import sqlite3

_WITHOUT_MESSAGE = """
SELECT id, message_id FROM recipient WHERE domain_id = ? AND flow_id = ? AND state = 0 AND next_ms <= ?
AND NOT EXISTS (SELECT 1 FROM message WHERE message.id = recipient.message_id) LIMIT ?
"""
_WITHOUT_DOMAIN = """
SELECT DISTINCT b.domain_id FROM backlog AS b WHERE NOT EXISTS (SELECT 1 FROM domain WHERE domain.id = b.domain_id)
"""
_RESTORE = """
INSERT OR IGNORE INTO domain (id, name) SELECT domain_id, lower(substr(address, instr(address, '@') + 1))
FROM recipient WHERE domain_id = ? AND state = 0 AND instr(address, '@') LIMIT 1
"""


def due_without_message(
    db: sqlite3.Connection, domain_id: int, flow_id: int, now_ms: int, limit: int
) -> list[tuple[int, int]]:
    """Scheduled recipients of the pair that are due, with the number of the message that is not there."""
    return db.execute(_WITHOUT_MESSAGE, (domain_id, flow_id, now_ms, limit)).fetchall()


def restore_domains(db: sqlite3.Connection) -> list[int]:
    """Write again the rows of domains that somebody waits for, by what the addresses say; their numbers."""
    gone: list[tuple[int]] = db.execute(_WITHOUT_DOMAIN).fetchall()
    db.executemany(_RESTORE, gone)
    return [domain_id for (domain_id,) in gone]
