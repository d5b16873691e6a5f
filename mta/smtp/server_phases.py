"""The server's side of the SMTP dialog as a table: which command may come when, and what phase follows.

Owns    `Phase`, `ALLOWED` and `AFTER_SUCCESS`; the replies to commands out of order.
Knows   nothing of what the commands do. AUTH's challenges and the content of DATA are inside a command, not phases.
RFC 5321 §4.1.4 (order of commands), RFC 3207 §4 and RFC 4954 §4 (STARTTLS and AUTH not during a transaction).
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


_ALWAYS = frozenset(Phase)
_GREETED = _ALWAYS - {Phase.CONNECTED}

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
}

AFTER_SUCCESS: Mapping[str, Phase] = {
    "EHLO": Phase.READY,
    "HELO": Phase.READY,
    "STARTTLS": Phase.CONNECTED,
    "MAIL": Phase.MAIL,
    "RCPT": Phase.RCPT,
    "DATA": Phase.READY,
}
"""Commands that are not here leave the phase as it is, except RSET: it ends a transaction, if there is one."""

_NEEDS_HELLO = reply(503, "5.5.1", "EHLO or HELO comes first")
_WRONG_PHASE: Mapping[str, Reply] = {
    "STARTTLS": reply(503, "5.5.1", "STARTTLS is not allowed during a mail transaction"),
    "AUTH": reply(503, "5.5.1", "AUTH is not allowed during a mail transaction"),
    "MAIL": reply(503, "5.5.1", "a mail transaction is open already; RSET ends it"),
    "RCPT": reply(503, "5.5.1", "MAIL comes first"),
    "DATA": reply(503, "5.5.1", "MAIL and RCPT come first; no recipient was accepted"),
}


def out_of_order(verb: str, phase: Phase) -> Reply | None:
    """The reply to a known command that may not come now; None when it may."""
    if phase in ALLOWED[verb]:
        return None
    return _NEEDS_HELLO if phase not in _GREETED else _WRONG_PHASE[verb]


def after_rset(phase: Phase) -> Phase:
    """RSET and a finished transaction keep the greeting (RFC 5321 §4.1.1.5)."""
    return phase if phase is Phase.CONNECTED else Phase.READY
