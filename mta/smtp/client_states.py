"""The states of an SMTP client session, and the table of what each reply does in each.

Owns   State, Seen (what kind of reply came), Reaction, and TABLE. A pair that is absent is a violation by the peer.
Knows  nothing of octets; `mta.smtp.client` carries the reactions out.

    GREETING -> EHLO [-> HELO] [-> STARTTLS -> HANDSHAKE -> EHLO] -> READY
    then [RSET ->] MAIL -> RCPT … -> DATA -> BODY -> FINAL_DOT -> READY, or the MAIL of the transaction behind
    at last QUIT -> CLOSED; 421 anywhere -> CLOSED

A state names the reply that is awaited next, so that the table is the same with and without PIPELINING.
RFC 5321 §4.1.4 (order of commands), §3.8 (421), RFC 2920 §3.1, RFC 3207 §4.
"""

from collections.abc import Mapping
from enum import StrEnum

from ..outcome import Stage


class State(StrEnum):
    GREETING = "greeting"
    EHLO = "ehlo"
    HELO = "helo"
    STARTTLS = "starttls"
    HANDSHAKE = "handshake"  # octets belong to TLS, replies are thrown away
    READY = "ready"
    RSET = "rset"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"  # the driver writes the content
    FINAL_DOT = "final-dot"
    QUIT = "quit"
    CLOSED = "closed"


class Seen(StrEnum):
    """The kind of a reply, as far as the table cares."""

    POSITIVE = "2yz"
    INTERMEDIATE = "3yz"
    TRANSIENT = "4yz"
    PERMANENT = "5yz"
    CLOSING = "421"


class Reaction(StrEnum):
    GREET = "say EHLO, or HELO to a host that is known to need it"
    SAY_HELO = "say HELO"
    TAKE_EXTENSIONS = "take the extensions"
    BEGIN_TLS = "begin the handshake"
    STAY_PLAIN = "go on without TLS"
    BE_REFUSED = "take the session as refused"
    TAKE_RSET = "take the RSET as done"
    TAKE_MAIL = "take the answer to MAIL"
    TAKE_RCPT = "take the answer to RCPT"
    SEND_CONTENT = "send the content"
    TAKE_DATA_REFUSAL = "take DATA as refused"
    TAKE_EARLY_REFUSAL = "stop the content"
    TAKE_DOT = "take the answer to the final dot"
    CLOSE = "close"


def classify(code: int) -> Seen:
    return Seen.CLOSING if code == 421 else _BY_CLASS[code // 100]


_BY_CLASS = {2: Seen.POSITIVE, 3: Seen.INTERMEDIATE, 4: Seen.TRANSIENT, 5: Seen.PERMANENT}


def _row(
    positive: Reaction | None = None,
    intermediate: Reaction | None = None,
    transient: Reaction | None = None,
    permanent: Reaction | None = None,
    closing: Reaction | None = Reaction.CLOSE,
) -> Mapping[Seen, Reaction]:
    reactions = (positive, intermediate, transient, permanent, closing)
    return {seen: reaction for seen, reaction in zip(Seen, reactions, strict=True) if reaction is not None}


_R = Reaction
TABLE: Mapping[State, Mapping[Seen, Reaction]] = {
    State.GREETING: _row(_R.GREET, None, _R.BE_REFUSED, _R.BE_REFUSED, _R.BE_REFUSED),
    State.EHLO: _row(_R.TAKE_EXTENSIONS, None, _R.BE_REFUSED, _R.SAY_HELO, _R.BE_REFUSED),
    State.HELO: _row(_R.TAKE_EXTENSIONS, None, _R.BE_REFUSED, _R.BE_REFUSED, _R.BE_REFUSED),
    State.STARTTLS: _row(_R.BEGIN_TLS, None, _R.STAY_PLAIN, _R.STAY_PLAIN, _R.BE_REFUSED),
    State.HANDSHAKE: {},
    State.READY: _row(),
    State.RSET: _row(_R.TAKE_RSET, None, _R.CLOSE, _R.CLOSE),
    State.MAIL: _row(_R.TAKE_MAIL, None, _R.TAKE_MAIL, _R.TAKE_MAIL),
    State.RCPT: _row(_R.TAKE_RCPT, None, _R.TAKE_RCPT, _R.TAKE_RCPT),
    State.DATA: _row(None, _R.SEND_CONTENT, _R.TAKE_DATA_REFUSAL, _R.TAKE_DATA_REFUSAL),
    State.BODY: _row(None, None, _R.TAKE_EARLY_REFUSAL, _R.TAKE_EARLY_REFUSAL),
    State.FINAL_DOT: _row(_R.TAKE_DOT, None, _R.TAKE_DOT, _R.TAKE_DOT),
    State.QUIT: _row(_R.CLOSE, _R.CLOSE, _R.CLOSE, _R.CLOSE),
    State.CLOSED: {},
}

STAGES: Mapping[State, Stage] = {
    State.GREETING: Stage.GREETING,
    State.EHLO: Stage.EHLO,
    State.HELO: Stage.EHLO,
    State.STARTTLS: Stage.TLS,
    State.HANDSHAKE: Stage.TLS,
    State.READY: Stage.MAIL,
    State.RSET: Stage.MAIL,
    State.MAIL: Stage.MAIL,
    State.RCPT: Stage.RCPT,
    State.DATA: Stage.DATA,
    State.BODY: Stage.DATA,
    State.FINAL_DOT: Stage.FINAL_DOT,
    State.QUIT: Stage.MAIL,
    State.CLOSED: Stage.MAIL,
}
"""The stage of an outcome that is decided while a state lasts."""
