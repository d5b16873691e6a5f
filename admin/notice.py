"""The composer of failure notices, as queue.notices asks for it.

Owns   turning journal facts into the facts of mta.message.dsn, and the notice's unguessable name.
Knows  no wording.
"""

import secrets
from collections.abc import Callable

from ..mta.message.dsn import FailedRecipient, FailureNotice, compose_failure_notice
from ..mta.reply import Reply
from ..queue.notices import Composed, NoticeFacts
from ..queue.states import RecipientState
from ..queue.storage.rows import FailedRow


def compose_notice(hostname: str) -> Callable[[NoticeFacts], Composed]:
    """A composer that speaks as `hostname`."""

    def compose(facts: NoticeFacts) -> Composed:
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

    return compose


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
        host_address=facts.address,
        orcpt=row.orcpt,
        expired=expired,
    )
