"""The server's side of the SMTP dialog as a table: which command may come when, and what phase follows.

Owns    `Phase`, `ALLOWED` and `AFTER_SUCCESS`; the replies to commands out of order.
Knows   nothing of what the commands do. AUTH's challenges and the content of DATA or of a chunk are inside a command,
        not phases.
RFC 5321 §4.1.4 (order of commands), RFC 3207 §4 and RFC 4954 §4 (STARTTLS and AUTH not during a transaction),
RFC 3030 §2 (BDAT).
"""

from collections.abc import Mapping
from enum import StrEnum

from ..reply import Reply, reply


class Phase(StrEnum):
    """Where a session is between two commands."""

    CONNECTED = "connected"  # no EHLO or HELO yet, or none since STARTTLS
    READY = "ready"
    MAIL = "mail"  # a reverse-path, no recipient yet
    RCPT = "rcpt"  # at least one recipient
    CHUNKS = "chunks"  # part of the content, by BDAT


_ALWAYS = frozenset(Phase)
_GREETED = _ALWAYS - {Phase.CONNECTED}

_TRANSACTION = frozenset({"MAIL", "RCPT", "DATA"})

ALLOWED: Mapping[str, frozenset[Phase]] = {
    "EHLO": _ALWAYS,
    "HELO": _ALWAYS,
    "NOOP": _ALWAYS,
    "RSET": _ALWAYS,
    "QUIT": _ALWAYS,
    "HELP": _ALWAYS,
    "VRFY": _ALWAYS,
    "STARTTLS": frozenset({Phase.READY}),
    "AUTH": frozenset({Phase.READY}),
    "MAIL": frozenset({Phase.READY}),
    "RCPT": frozenset({Phase.MAIL, Phase.RCPT}),
    "DATA": frozenset({Phase.RCPT}),
    "BDAT": frozenset({Phase.RCPT, Phase.CHUNKS}),
}

AFTER_SUCCESS: Mapping[str, Phase] = {
    "EHLO": Phase.READY,
    "HELO": Phase.READY,
    "STARTTLS": Phase.CONNECTED,
    "MAIL": Phase.MAIL,
    "RCPT": Phase.RCPT,
    "BDAT": Phase.CHUNKS,
}
"""Commands that are not here leave the phase as it is, except those that end a transaction: RSET, and what finishes
content, the dot of DATA and BDAT LAST (`after_rset`). BDAT that is refused ends it too."""

_NEEDS_HELLO = reply(503, "5.5.1", "EHLO or HELO comes first")
_WRONG_PHASE: Mapping[str, Reply] = {
    "STARTTLS": reply(503, "5.5.1", "STARTTLS is not allowed during a mail transaction"),
    "AUTH": reply(503, "5.5.1", "AUTH is not allowed during a mail transaction"),
    "MAIL": reply(503, "5.5.1", "a mail transaction is open already; RSET ends it"),
    "RCPT": reply(503, "5.5.1", "MAIL comes first"),
    "DATA": reply(503, "5.5.1", "MAIL and RCPT come first; no recipient was accepted"),
    "BDAT": reply(503, "5.5.1", "MAIL and RCPT come first; no recipient was accepted"),
}
_IN_CHUNKS = reply(503, "5.5.1", "after BDAT comes BDAT; RSET ends the transaction")


def out_of_order(verb: str, phase: Phase) -> Reply | None:
    """The reply to a known command that may not come now; None when it may."""
    if phase in ALLOWED[verb]:
        return None
    if phase not in _GREETED:
        return _NEEDS_HELLO
    return _IN_CHUNKS if phase is Phase.CHUNKS and verb in _TRANSACTION else _WRONG_PHASE[verb]


def after_rset(phase: Phase) -> Phase:
    """RSET and a finished transaction keep the greeting (RFC 5321 §4.1.1.5)."""
    return phase if phase is Phase.CONNECTED else Phase.READY
