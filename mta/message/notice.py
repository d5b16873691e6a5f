"""A notice as a value: what a sender is to hear about the recipients of one message.

Owns   Action, Reported, Notice.
Knows  no form: `mta.message.dsn` makes octets of it.
RFC 3464 §2.3.3 (actions).
"""

from enum import StrEnum

import msgspec

from ..reply import Reply


class Action(StrEnum):
    """What became of a recipient, as RFC 3464 §2.3.3 names it."""

    FAILED = "failed"
    DELAYED = "delayed"
    RELAYED = "relayed"  # handed to a host that makes no notices of success


class Reported(msgspec.Struct, frozen=True):
    """One recipient in a notice."""

    address: str
    action: Action = Action.FAILED
    last_attempt_ms: int = 0  # 0: none was made
    reply: Reply | None = None  # the last one heard
    why: str = ""  # our words when there was no reply, perhaps with an enhanced status code in front
    kind: str = ""  # as the queue's ReplyJudge named it
    host: str = ""  # MX host of the last attempt
    orcpt: str = ""  # "rfc822;…", xtext still encoded
    expired: bool = False  # given up for its age
    deadline_seconds: int = 0  # given up because its sender wanted it delivered within so long; 0: for our own limit
    retry_until_ms: int = 0  # of a delayed one


class Notice(msgspec.Struct, frozen=True):
    """Everything a notice is made of. `recipients` has at least one."""

    hostname: str
    unique: str  # makes the Message-ID and the boundary; letters and digits, never used twice, not guessable
    to: str  # the original reverse-path, in ASCII where it has an ASCII form
    now_ms: int
    arrival_ms: int
    head: bytes  # of the original message, with its blank line; empty when it is gone
    recipients: tuple[Reported, ...]
    body: bytes | None = None  # of the original; None: not at hand
    ret: str = ""  # "FULL", "HDRS" or ""
    envid: str = ""  # xtext still encoded
    queue_id: str = ""
    deliver_by_ms: int = 0  # when the sender's deadline is or was; 0: there is none

    @property
    def in_ascii(self) -> bool:
        """Whether the notice can go to a host without SMTPUTF8; else its address could not either."""
        return self.to.isascii()

    def actions(self) -> tuple[Action, ...]:
        """Those that occur, in the order of the enum: the worst first."""
        return tuple(action for action in Action if any(each.action is action for each in self.recipients))
