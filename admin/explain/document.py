"""Explanations for programs: plain values with stable keys, times as epoch milliseconds.

Owns   the keys. A key that has nothing to say is null or absent from its object. `sentence` alone is for people, in the
       language of the process; the keys beside it (category, kind, blame, action, provider, next, do) say the same.
Knows  no words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ...mta.delivery.dialogue import Dialogue
from ...queue.ids import queue_id
from ...queue.journal import JournalRow
from ..suppression.entry import Entry
from .advice import by
from .dialogues import dialogue_document
from .explanation import Coming, Explanation, Notice, Wait
from .facts import Letter, Signature, Surroundings
from .why_not import sentence


def document(explanation: Explanation, around: Surroundings) -> dict[str, Any]:
    """One letter to one recipient."""
    letter = explanation.letter
    return {
        **letter_document(letter),
        "sentence": sentence(explanation, around.now_ms),
        **_failure(explanation),
        "server_running": around.is_running,
        "redirected_to": around.redirect or None,
        "wait": wait_document(explanation.wait) if explanation.wait else None,
        "wish": msgspec.to_builtins(letter.wish) if letter.wish else None,
        "next": _coming(explanation.coming),
        "last": told_document(explanation.last, letter.dialogues) if explanation.last else None,
        "ending": told_document(explanation.ending, letter.dialogues) if explanation.ending else None,
        "late": fact_document(explanation.late) if explanation.late else None,
        "suppressed": _standing(explanation.stopped_by),
        "advice": explanation.advice,
        "do": {"what": explanation.advice, "by": by(explanation.advice)} if explanation.advice else None,
        "notice": _notice(explanation.notice) if explanation.notice else None,
        "signature": _signature(letter.signature) if explanation.wait else None,  # what will sign it
    }


def _failure(explanation: Explanation) -> dict[str, Any]:
    """What the failure that is told means; all null where there is none."""
    row, meaning = explanation.last, explanation.meant.meaning if explanation.meant else None
    provider = (row.facts.provider or row.facts.site) if row is not None else ""
    return {
        "category": (meaning.category or None) if meaning else None,
        "kind": meaning.kind if meaning else None,
        "blame": (meaning.blame or None) if meaning else None,
        "action": meaning.action if meaning else None,
        "provider": provider or explanation.letter.recipient.domain,
    }


def _standing(entries: Sequence[Entry] | None) -> list[dict[str, Any]] | None:
    """What stands in the book now; None when it was not looked at."""
    if entries is None:
        return None
    return [{"number": each.id, "reason": each.reason, "since_ms": each.created_ms} for each in entries]


def letter_document(letter: Letter) -> dict[str, Any]:
    """The letter itself: envelope, headline, state."""
    row, message = letter.recipient, letter.message
    return {
        "queue_id": letter.queue_id,
        "recipient": row.address,
        "state": row.state.name.lower(),
        "attempts": row.attempts,
        "reverse_path": message.reverse_path,
        "reverse_path_used": letter.verp or message.reverse_path,
        "reverse_path_kept": message.path_kept or None,
        "account": letter.account or None,
        "class": message.mail_class,
        "from": letter.headline.author,
        "to": letter.headline.to,
        "subject": letter.headline.subject,
        "date": letter.headline.date,
        "message_id": letter.headline.message_id,
        "size_bytes": message.size_bytes,
        "accepted_ms": message.received_ms,
        "expires_ms": message.expires_ms,
        "deliver_by": {"seconds": letter.by.seconds, "mode": letter.by.mode} if letter.by is not None else None,
    }


def fact_document(row: JournalRow) -> dict[str, Any]:
    """A row of the journal, with those of its facts that say something."""
    facts = {"at_ms": row.at_ms, "kind": row.kind, **msgspec.to_builtins(row.facts)}
    facts.pop("dialogue", None)  # a number that says nothing to anybody
    return facts


def told_document(row: JournalRow, dialogues: Mapping[int, Dialogue]) -> dict[str, Any]:
    """The same with what was said, where that is kept."""
    said = dialogues.get(row.seq)
    return fact_document(row) | ({"dialogue": dialogue_document(said)} if said is not None else {})


def wait_document(wait: Wait) -> dict[str, Any]:
    """The reason with those of its particulars that say something."""
    return {key: value for key, value in msgspec.to_builtins(wait).items() if value}


def _coming(coming: Coming) -> dict[str, Any]:
    return {"what": coming.next, "at_ms": coming.at_ms or None, "attempt": coming.attempt or None}


def _notice(notice: Notice) -> dict[str, Any]:
    number = queue_id(notice.message_id) if notice.message_id else None
    return {"to": notice.to, "queued": notice.is_queued, "queue_id": number, "action": str(notice.action)}


def _signature(signature: Signature) -> dict[str, Any]:
    return {"domain": signature.domain or None, "selectors": signature.selectors, "unsigned": signature.unsigned}
