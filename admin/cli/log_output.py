"""A fact of the journal as a line of the log, for people and for programs.

Owns   the order of a line's parts, and the keys of its JSON.
Knows  no verb; what happened is said by explain.attempts. A line is one line, whatever a stranger's reply holds.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from ...queue.ids import queue_id
from ...queue.reading import AddressedFact
from ..explain import attempts, document


def logged_line(fact: AddressedFact, accounts: Mapping[int, str]) -> str:
    """Time with its zone, queue id, from, to, what happened, where and in whose words."""
    row = fact.row
    moment = datetime.fromtimestamp(row.at_ms / 1000, UTC).astimezone().strftime("%Y-%m-%dT%H:%M:%S%z")
    envelope = f"<{fact.reverse_path}> → <{fact.address}>" if fact.address else f"<{fact.reverse_path}>"
    parts = (
        moment,
        queue_id(row.message_id),
        envelope,
        attempts.event_words(row, row.at_ms),
        attempts.host_words(row),
        attempts.reply_words(row),
    )
    return "  ".join(_one_line(part) for part in parts if part)


def logged_json_line(fact: AddressedFact, accounts: Mapping[int, str]) -> str:
    """One object, in one line."""
    row = fact.row
    told = {
        "seq": row.seq,
        "queue_id": queue_id(row.message_id),
        "account": accounts.get(row.account_id),
        "from": fact.reverse_path,
        "to": fact.address or None,
        **document.fact_document(row),
    }
    return msgspec.json.encode(told).decode()


def _one_line(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)
