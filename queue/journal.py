"""The journal: what happened, as facts with keys and values, in the transaction in which it happened.

Owns   the kinds of facts and the row `JournalRow`; its text form is JSON.
Knows  no language: sentences are made when facts are shown (admin.explain).
"""

from enum import StrEnum

import msgspec

from ..mta.outcome import Deferred, Delivered, Outcome


class JournalKind(StrEnum):
    ACCEPTED = "accepted"  # a message was taken; one row a message, recipient_id 0
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    RETURNED = "returned"  # a lease ended without an attempt: its holder died before the final dot
    UNCONFIRMED = "unconfirmed"
    SKIPPED = "skipped"
    HELD = "held"
    RELEASED = "released"
    CANCELLED = "cancelled"
    FLUSHED = "flushed"
    NOTICE = "notice"  # a notice about this recipient was queued
    # What came back about a recipient (queue.returns). No such row changes its state.
    LATE_BOUNCE = "late-bounce"  # a notice says that it failed; Facts.bounce_kind: hard or soft
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto-reply"  # a machine answered: vacation, moved, challenge (Facts.reason says which)
    HEARD_DELAY = "heard-delay"
    HEARD_SUCCESS = "heard-success"
    STREAM_COMPLAINT = "stream-complaint"  # names a stream and no recipient; recipient_id 0


CAME_BACK = frozenset(
    {
        JournalKind.LATE_BOUNCE,
        JournalKind.COMPLAINT,
        JournalKind.AUTO_REPLY,
        JournalKind.HEARD_DELAY,
        JournalKind.HEARD_SUCCESS,
        JournalKind.STREAM_COMPLAINT,
    }
)
"""Kinds that tell what an inbound message said; each has Facts.inbound."""


NO_PUBLIC_HOSTNAME = "no-public-hostname"
"""A reason of ours to hold; reasons given by people and hooks are their own words."""
DAMAGED = "damaged-row"
"""A reason of ours to hold or skip (queue.damage), and what a fact says that cannot be read."""


class Facts(msgspec.Struct, frozen=True, omit_defaults=True, gc=False, rename={"category": "outcome_kind"}):
    """Everything a row may say. Absent keys are defaults."""

    attempt: int = 0  # which attempt of this recipient
    source: str = ""
    provider: str = ""
    site: str = ""
    host: str = ""
    address: str = ""
    tls: str = ""
    stage: str = ""
    scope: str = ""
    code: int = 0
    enhanced: str = ""
    text: str = ""  # the peer's words, or ours when `code` is 0
    category: str = ""
    ambiguous: bool = False
    mailed: bool = False  # a MAIL command left us (Q4); said by one row of those that shared it
    next_ms: int = 0
    reason: str = ""  # of hold, skip, cancel
    who: str = ""  # who asked, for operator commands
    size_bytes: int = 0
    recipients: int = 0
    revision: int = 0  # content id that was attempted
    date_ms: int = 0  # Date of a stream's letter that has to be sent again
    notice_message: int = 0
    notice_action: str = ""  # what the notice said of this recipient: "failed", "delayed" or "relayed"
    relayed: bool = False  # the next hop took NOTIFY over: it owes the notice of success (RFC 3461 §5.2.1)
    suspension: int = 0  # the reply set it off, or made it last longer
    dialogue: int = 0  # what was said, while it is kept (queue.dialogues)
    operation: int = 0  # the operator's verb that did this (queue.storage.operation_rows)
    # Of what came back (CAME_BACK); `code`, `enhanced` and `text` are then the diagnostic's.
    inbound: int = 0  # number of the inbound message
    bounce_kind: str = ""  # hard or soft
    blame: str = ""
    rule: str = ""  # name of the bounce rule
    words: str = ""  # what made the rule fit
    dsn_action: str = ""  # the notice's own word
    remote: str = ""  # the remote MTA that the notice names
    fate: str = ""  # of the recipient from now on, when this changed it (queue.returns.fates)
    fate_before: str = ""
    ended_ms: int = 0  # when it had ended: for that day its fate counts; 0 while it has not
    stream: int = 0  # whose recipient it is, or which was complained about; 0: of no stream
    recipient: str = ""  # about whom the notice speaks, when not the recipient itself: it had been forwarded


class JournalRow(msgspec.Struct, frozen=True):
    seq: int
    at_ms: int
    kind: JournalKind
    account_id: int
    message_id: int
    recipient_id: int
    prev_seq: int
    facts: Facts


_MAX_TEXT = 500
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Facts)


def encode_facts(facts: Facts) -> str:
    return _encoder.encode(facts).decode()


def decode_facts(text: str) -> Facts:
    """What was encoded; of a damaged row, that it is one."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, TypeError):
        return Facts(reason=DAMAGED)


def kind_of(text: str) -> JournalKind:
    """What a row tells; a damaged one tells of nothing that changed a recipient."""
    try:
        return JournalKind(text)
    except ValueError:
        return JournalKind.RETURNED


class AttemptPlace(msgspec.Struct, frozen=True, gc=False):
    """Where an attempt went, for its journal row."""

    attempt: int
    source: str
    provider: str
    site: str
    revision: int
    mailed: bool
    date_ms: int = 0
    suspension: int = 0
    dialogue: int = 0


def returned_facts(place: AttemptPlace, next_ms: int) -> Facts:
    """The facts of a lease that ended without an attempt though MAIL was said."""
    return Facts(
        source=place.source,
        provider=place.provider if place.provider != place.site else "",
        site=place.site,
        mailed=place.mailed,
        next_ms=next_ms,
        revision=place.revision,
    )


def attempt_facts(outcome: Outcome, place: AttemptPlace, next_ms: int = 0) -> Facts:
    """The facts of one attempt's outcome."""
    if isinstance(outcome, Delivered):
        return _delivered_facts(outcome, place)
    reply = outcome.reply
    text = reply.text if reply is not None else outcome.why
    return Facts(
        attempt=place.attempt,
        source=place.source,
        provider=place.provider if place.provider != place.site else "",
        site=place.site,
        host=outcome.peer.host,
        address=outcome.peer.address,
        tls=outcome.peer.tls,
        stage=outcome.stage,
        scope=outcome.scope,
        code=reply.code if reply is not None else 0,
        enhanced=reply.enhanced if reply is not None else "",
        text=text[:_MAX_TEXT],
        category=outcome.category,
        ambiguous=isinstance(outcome, Deferred) and outcome.ambiguous,
        mailed=place.mailed,
        next_ms=next_ms,
        revision=place.revision,
        date_ms=place.date_ms if isinstance(outcome, Deferred) else 0,
        suspension=place.suspension,
        dialogue=place.dialogue,
    )


def _delivered_facts(outcome: Delivered, place: AttemptPlace) -> Facts:
    reply, peer = outcome.reply, outcome.peer
    return Facts(
        attempt=place.attempt,
        source=place.source,
        provider=place.provider if place.provider != place.site else "",
        site=place.site,
        host=peer.host,
        address=peer.address,
        tls=peer.tls,
        code=reply.code,
        enhanced=reply.enhanced,
        text=reply.text[:_MAX_TEXT],
        mailed=place.mailed,
        revision=place.revision,
        relayed=outcome.relayed_dsn,
        dialogue=place.dialogue,
    )
