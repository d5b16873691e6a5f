"""The composer of notices, as queue.notices.notices asks for it.

Owns   turning journal facts into the facts of mta.message.notice, and the notice's unguessable name.
Knows  no wording.

Invariant  a message that the proper notice cannot be made of is told all the same, by a minimal one (once, not by a
           fault every ten minutes).
"""

import logging
import secrets
from collections.abc import Callable

from ..mta.message.dsn import compose_notice
from ..mta.message.minimal_notice import MinimalNotice, compose_minimal_notice
from ..mta.message.notice import Action, Notice, Reported
from ..mta.reply import Reply
from ..queue.notices.notices import Composed, NoticeFacts
from ..queue.storage.owing import NoticedMessage, Told

_log = logging.getLogger("youtong.notice")


def notice_composer(hostname: str) -> Callable[[NoticeFacts], Composed]:
    """A composer that speaks as `hostname`."""

    def compose(facts: NoticeFacts) -> Composed:
        try:
            return _proper(hostname, facts)
        except Exception:  # noqa: BLE001 - bulkhead: the original and its receivers' words are strangers'
            _log.exception("only a minimal notice can be composed message=%s", facts.queue_id)
            return _minimal(hostname, facts)

    return compose


def _proper(hostname: str, facts: NoticeFacts) -> Composed:
    about = facts.message
    notice = Notice(
        hostname=hostname,
        unique=secrets.token_hex(16),
        to=facts.to,
        now_ms=facts.now_ms,
        arrival_ms=about.received_ms,
        head=about.head,
        recipients=tuple(_reported(told, about) for told in facts.told),
        body=about.body,
        ret=about.ret,
        envid=about.envid,
        queue_id=facts.queue_id,
        deliver_by_ms=about.received_ms + about.by.seconds * 1000 if about.by is not None else 0,
    )
    return Composed(*compose_notice(notice))


def _minimal(hostname: str, facts: NoticeFacts) -> Composed:
    recipients = tuple((told.action, told.address) for told in facts.told)
    notice = MinimalNotice(hostname, secrets.token_hex(16), facts.to, facts.now_ms, facts.queue_id, recipients)
    return Composed(*compose_minimal_notice(notice))


def _reported(told: Told, about: NoticedMessage) -> Reported:
    retry_until_ms = about.expires_ms if told.action is Action.DELAYED else 0
    deadline_seconds = about.deadline_seconds if told.is_expired else 0
    if told.attempt is None:
        return Reported(
            told.address,
            told.action,
            why=told.reason,
            orcpt=told.orcpt,
            expired=told.is_expired,
            deadline_seconds=deadline_seconds,
            retry_until_ms=retry_until_ms,
        )
    facts = told.attempt.facts
    return Reported(
        address=told.address,
        action=told.action,
        last_attempt_ms=told.attempt.at_ms,
        reply=Reply(facts.code, facts.enhanced, (facts.text,)) if facts.code else None,
        why="" if facts.code else facts.text,
        kind=facts.category,
        host=facts.host,
        orcpt=told.orcpt,
        expired=told.is_expired,
        deadline_seconds=deadline_seconds,
        retry_until_ms=retry_until_ms,
    )
