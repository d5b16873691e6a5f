"""Damage: rows that say what no row of ours can say, because a disk or a hand changed them.

Owns   the check of a waiting recipient before a letter is made of its row, and what becomes of those that none can be
       made of: held for a person where there is a message, skipped where there is none; each by itself.
Knows  no disk. What SQLite itself cannot read is no row (queue.storage.database).

Invariants
    Q7  a damaged row stops no other mail: not of its page, its message, its domain, nor at a start.
"""

import logging
import sqlite3
from collections.abc import Iterable

from ..mta.envelope import Body
from .classes import MailClass
from .ids import queue_id
from .journal import DAMAGED, Facts, JournalKind
from .states import Event, RecipientState
from .storage import damaged_rows
from .storage.rows import DueRow, Fact
from .storage.store import QueueStore

_log = logging.getLogger("youtong.queue")
_PAGE = 500
_CLASSES = frozenset(MailClass)
_BODIES = frozenset(Body)


def is_sound(row: DueRow) -> bool:
    """Whether a letter can be made of it. Asked of each that becomes ready, so it is one glance at all texts."""
    try:
        "".join(
            (
                *(row.address, row.notify, row.orcpt, row.fields),
                *(row.reverse_path, row.verp_domain, row.ret, row.envid, row.source),
            )
        )
    except TypeError:  # SQLite keeps octets in a column of texts, if somebody puts them there
        return False
    return row.mail_class in _CLASSES and row.body_type in _BODIES and "@" in row.address


def tell(rows: Iterable[DueRow]) -> None:
    """They are about to be held."""
    for row in rows:
        _log.error("a damaged row is held message=%s recipient=%d", queue_id(row.message_id), row.id)


def skip_orphans(store: QueueStore, db: sqlite3.Connection, domain_id: int, flow_id: int, now_ms: int) -> None:
    """Due recipients of the pair whose message is gone. Within an operation; may run twice."""
    for recipient_id, message_id in damaged_rows.due_without_message(db, domain_id, flow_id, now_ms, _PAGE):
        _log.error("a recipient without a message is skipped message=%s recipient=%d", message_id, recipient_id)
        fact = Fact(now_ms, JournalKind.SKIPPED, 0, message_id, recipient_id, Facts(reason=DAMAGED))
        store.move(RecipientState.SCHEDULED, Event.SKIP, fact)


def restore_domains(db: sqlite3.Connection) -> None:
    """At a start: whoever waits for a domain whose row is gone would never be found."""
    for domain_id in damaged_rows.restore_domains(db):
        _log.error("the row of a domain was gone and is written again domain=%d", domain_id)
