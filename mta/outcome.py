"""What an attempt achieved for one recipient: a value, never an exception.

Owns   `Outcome` = Delivered | Deferred | Failed with `Stage` (where in the dialog) and `Scope` (what it speaks about).
Knows  nothing of retry times or bounce classes; `mta.delivery` makes outcomes from protocol facts alone, the queue's
       `ReplyJudge` may refine them by their words.
Q5     a bad recipient never slows a site; a refused connection never bounces a recipient.
"""

from enum import StrEnum

import msgspec

from .reply import Reply


class Stage(StrEnum):
    """The step of the attempt that decided."""

    ROUTE = "route"  # DNS, policy, or before a connection was tried
    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    TLS = "tls"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # the DATA command, and the body before the final dot
    FINAL_DOT = "final-dot"


class Scope(StrEnum):
    """What an outcome speaks about; a wider scope never marks a narrower thing."""

    RECIPIENT = "recipient"
    MESSAGE = "message"
    ROUTE = "route"  # this host or connection; another MX may do better
    SITE = "site"  # no MX of the site answers
    PROVIDER = "provider"  # the provider's limits or its opinion of our address


class Peer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The other end of an attempt, as far as it was reached."""

    host: str = ""  # MX host name
    address: str = ""  # its IP address
    tls: str = ""  # e.g. "TLSv1.3", or "" when the dialog was plain


class Delivered(msgspec.Struct, frozen=True, array_like=True, tag="delivered", gc=False):
    """The peer took responsibility with `reply` to the final dot."""

    reply: Reply
    peer: Peer = Peer()
    relayed_dsn: bool = False  # the peer offered DSN and was given NOTIFY (RFC 3461 §5.2.1)


class Deferred(msgspec.Struct, frozen=True, array_like=True, tag="deferred", gc=False):
    """Not delivered now. `ambiguous`: the final dot was sent, so the peer may hold the message (Q3)."""

    stage: Stage
    scope: Scope
    reply: Reply | None  # None: no reply; `why` says what happened
    why: str = ""  # our words, ASCII English, e.g. "connection refused by mx1.example.org [192.0.2.1]"
    peer: Peer = Peer()
    ambiguous: bool = False
    category: str = ""  # set by the ReplyJudge: "greylisted", "mailbox-full", "rate" …
    retry_after_seconds: int | None = None  # a receiver's hint, as understood by the ReplyJudge


class Failed(msgspec.Struct, frozen=True, array_like=True, tag="failed", gc=False):
    """Final for this recipient."""

    stage: Stage
    scope: Scope
    reply: Reply | None
    why: str = ""
    peer: Peer = Peer()
    category: str = ""  # set by the ReplyJudge: "no-such-user", "no-such-domain" …


Outcome = Delivered | Deferred | Failed


def wording(outcome: Outcome) -> str:
    """The peer's own words if it spoke, else ours; one line."""
    if outcome.reply is not None:
        return str(outcome.reply)
    return "" if isinstance(outcome, Delivered) else outcome.why
