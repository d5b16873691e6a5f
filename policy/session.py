"""What submission asks of the policy: the rules about who may send as whom, the operator's hooks, limits on people.

Owns   HookedSessionPolicy, which implements `mta.submission.ports.SessionPolicy`: the order of questions, and what a
       faulty hook means at each stage.
Knows  nothing of accounts: the sender rules and the limits come in as callables.

Invariants
    Q7  No call raises. A fault at connection never turns a client away, since a session carries many messages;
        elsewhere `ON_FAULT` decides about the one message at hand.
    The sender rules hold whatever a hook says: a hook can refuse more, never allow more, and the header fields that it
    adds are judged by them too.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import assert_never

import msgspec

from ..mta.envelope import Domain, Envelope
from ..mta.message import trace
from ..mta.reply import reply
from ..mta.submission.ports import Accept, Client, MessageVerdict, Origin, Proceed, Refuse, Verdict
from ..queue.classes import MailClass
from .active import ActivePolicy, Generation
from .guard import NoAnswer
from .hooks import Change, ConnectionFacts, MailFacts, MessageFacts, RecipientFacts, Refusal, SessionAnswer
from .return_paths import author_domain

CheckReversePath = Callable[[Origin, str], Refuse | None]
CheckMessage = Callable[[Origin, Envelope, bytes], Refuse | None]
CheckAddress = Callable[[Origin, str], Refuse | None]
CheckLimits = Callable[[Client, Origin], Refuse | Awaitable[Verdict] | None]

log = logging.getLogger("youtong.policy")

PROCEED = Proceed()
ACCEPT = Accept()
OUR_FAULT = Refuse(reply(451, "4.3.0", "The message cannot be judged right now, please try again later"))


def no_reverse_path_rule(origin: Origin, reverse_path: str) -> Refuse | None:
    """Every reverse-path is fine."""
    return None


def no_message_rule(origin: Origin, envelope: Envelope, head: bytes) -> Refuse | None:
    """Every message is fine."""
    return None


def no_suppression(origin: Origin, address: str) -> Refuse | None:
    """Everybody may be written to."""
    return None


def no_limits(client: Client, origin: Origin) -> Refuse | None:
    """Everybody may send as much as they like."""
    return None


class HookedSessionPolicy:
    """Implements SessionPolicy from the hooks in force, the sender rules and the limits on people."""

    def __init__(
        self,
        active: ActivePolicy,
        *,
        check_reverse_path: CheckReversePath = no_reverse_path_rule,
        check_message: CheckMessage = no_message_rule,
        check_mail: CheckLimits = no_limits,
        check_recipient: CheckLimits = no_limits,
        check_address: CheckAddress = no_suppression,
    ) -> None:
        """`check_address` says who is not written to; `check_mail` and `check_recipient` are asked last, of what
        nothing else objects to.
        """
        self._active = active
        self._check_reverse_path = check_reverse_path
        self._check_message = check_message
        self._check_mail = check_mail
        self._check_recipient = check_recipient
        self._check_address = check_address

    def connection(self, client: Client) -> Verdict:
        hook = self._active.current.connection
        if hook is None:
            return PROCEED
        answer = hook.ask(ConnectionFacts(client))
        return Refuse(answer.reply) if isinstance(answer, Refusal) else PROCEED

    def mail_from(self, client: Client, origin: Origin, reverse_path: str) -> Verdict | Awaitable[Verdict]:
        try:
            refusal = self._check_reverse_path(origin, reverse_path)
        except Exception:  # bulkhead: one question to the sender rules; a fault of ours is temporary
            log.exception("rule=check_reverse_path account=%s", origin.label)
            return OUR_FAULT
        if refusal is not None:
            return refusal
        generation = self._active.current
        if generation.mail_from is not None:
            facts = MailFacts(client, origin.label, origin.mail_class, reverse_path)
            verdict = _verdict(generation, generation.mail_from.ask(facts))
            if isinstance(verdict, Refuse):
                return verdict
        return self._within_limits(self._check_mail, client, origin)

    def recipient(
        self, client: Client, origin: Origin, reverse_path: str, address: str, domain: Domain
    ) -> Verdict | Awaitable[Verdict]:
        generation = self._active.current
        if generation.recipient is not None:
            facts = RecipientFacts(client, origin.label, origin.mail_class, reverse_path, address, domain)
            verdict = _verdict(generation, generation.recipient.ask(facts))
            if isinstance(verdict, Refuse):
                return verdict
        refusal = self._check_address(origin, address)
        return refusal or self._within_limits(self._check_recipient, client, origin)

    def _within_limits(self, check: CheckLimits, client: Client, origin: Origin) -> Verdict | Awaitable[Verdict]:
        if not origin.credential_id:  # trusted networks send as much as they like
            return PROCEED
        try:
            return check(client, origin) or PROCEED
        except Exception:  # bulkhead: one question about limits; a fault of ours is temporary
            log.exception("rule=limits account=%s", origin.label)
            return OUR_FAULT

    def message(
        self, client: Client, origin: Origin, envelope: Envelope, head: bytes, size_bytes: int
    ) -> MessageVerdict:
        verdict = self._message(client, origin, envelope, head, size_bytes)
        if origin.mail_class == MailClass.TRANSACTIONAL and isinstance(verdict, Accept):
            return msgspec.structs.replace(verdict, author_domain=author_domain(head))
        return verdict

    def _message(
        self, client: Client, origin: Origin, envelope: Envelope, head: bytes, size_bytes: int
    ) -> MessageVerdict:
        refusal = self._author_refusal(origin, envelope, head)
        if refusal is not None:
            return refusal
        generation = self._active.current
        if generation.message is None:
            return ACCEPT
        facts = MessageFacts(client, origin.label, origin.mail_class, envelope, head, size_bytes)
        answer = generation.message.ask(facts)
        if not isinstance(answer, Change):
            return _message_verdict(generation, answer)
        if answer.add_headers and self._author_refusal(origin, envelope, _with_fields(answer, head)) is not None:
            fault = generation.message.fault("its header fields give the message another author, or a second one")
            return _message_verdict(generation, fault)
        return _accept(answer)

    def _author_refusal(self, origin: Origin, envelope: Envelope, head: bytes) -> Refuse | None:
        try:
            return self._check_message(origin, envelope, head)
        except Exception:  # bulkhead: one question to the sender rules; a fault of ours is temporary
            log.exception("rule=check_message account=%s", origin.label)
            return OUR_FAULT


def _verdict(generation: Generation, answer: SessionAnswer | NoAnswer) -> Verdict:
    match answer:
        case None | NoAnswer.SWITCHED_OFF:
            return PROCEED
        case Refusal():
            return Refuse(answer.reply)
        case NoAnswer.FAULT:
            return OUR_FAULT if generation.defers_on_fault else PROCEED
        case _:
            assert_never(answer)


def _message_verdict(generation: Generation, answer: SessionAnswer | NoAnswer) -> MessageVerdict:
    verdict = _verdict(generation, answer)
    return verdict if isinstance(verdict, Refuse) else ACCEPT


def _with_fields(answer: Change, head: bytes) -> bytes:
    return b"".join(trace.field(name, value) for name, value in answer.add_headers) + head


def _accept(answer: Change) -> Accept:
    return Accept(answer.add_headers, answer.hold, answer.source, answer.lifetime_seconds)
