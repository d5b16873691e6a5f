"""The composer of failure notices, as queue.notices asks for it.

Owns   turning journal facts into the facts of mta.message.dsn, and the notice's unguessable name.
Knows  no wording.

Invariant  a message that the proper notice cannot be made of is told all the same, by a minimal one (once, not by a
           fault every ten minutes).
"""

import logging
import secrets
from collections.abc import Callable

from ..mta.message.dsn import FailedRecipient, FailureNotice, compose_failure_notice
from ..mta.message.minimal_notice import MinimalNotice, compose_minimal_notice
from ..mta.reply import Reply
from ..queue.notices import Composed, NoticeFacts
from ..queue.states import RecipientState
from ..queue.storage.rows import FailedRow

_log = logging.getLogger("youtong.notice")


def compose_notice(hostname: str) -> Callable[[NoticeFacts], Composed]:
    """A composer that speaks as `hostname`."""

    def compose(facts: NoticeFacts) -> Composed:
        try:
            return _proper(hostname, facts)
        except Exception:  # noqa: BLE001 - bulkhead: the original and its receivers' words are strangers'
            _log.exception("only a minimal notice can be composed message=%s", facts.queue_id)
            return _minimal(hostname, facts)

    return compose


def _proper(hostname: str, facts: NoticeFacts) -> Composed:
    notice = facts.notice
    head, body = compose_failure_notice(
        FailureNotice(
            hostname=hostname,
            unique=secrets.token_hex(16),
            to=notice.reverse_path,
            now_ms=facts.now_ms,
            arrival_ms=notice.received_ms,
            head=notice.head,
            recipients=tuple(map(_failed, facts.failed)),
            ret=notice.ret,
            envid=notice.envid,
            queue_id=facts.queue_id,
        )
    )
    return Composed(head, body)


def _minimal(hostname: str, facts: NoticeFacts) -> Composed:
    addresses = tuple(row.address for row in facts.failed)
    notice = MinimalNotice(
        hostname, secrets.token_hex(16), facts.notice.reverse_path, facts.now_ms, facts.queue_id, addresses
    )
    return Composed(*compose_minimal_notice(notice))


def _failed(row: FailedRow) -> FailedRecipient:
    expired = row.state == RecipientState.EXPIRED
    facts = row.before if expired and row.before is not None else row.facts
    return FailedRecipient(
        address=row.address,
        last_attempt_ms=row.at_ms,
        reply=Reply(facts.code, facts.enhanced, (facts.text,)) if facts.code else None,
        why="" if facts.code else facts.text,
        kind=facts.outcome_kind,
        host=facts.host,
        orcpt=row.orcpt,
        expired=expired,
    )
