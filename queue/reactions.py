"""Reactions: what a receiver's reply does to our pace, beside what it means for its recipient.

Owns   the port ReplyWatch and the value Reaction. The rules are policy's (conf/shaping.toml); what is in force, and
       until when, is queue.pace.suspensions'.
Q5     a reaction never changes an outcome: it slows or stops a scope, for a time.
"""

from enum import StrEnum
from typing import Protocol

import msgspec

from ..mta.outcome import Outcome
from .judging import AttemptFacts
from .limits import RateLimit


class ReactionScope(StrEnum):
    """Who is slowed."""

    SOURCE = "source"  # all mail of this (provider, source)
    SENDER = "sender"  # mail of this sender domain to this provider, whatever the source
    SITE = "site"  # this site only


class Reaction(msgspec.Struct, frozen=True):
    """One rule's answer to a reply. `stop`, or any of the three ways to slow."""

    rule: str  # its name in shaping.toml
    because: str  # the file and line of the rule, as limits say it
    scope: ReactionScope
    seconds: float
    stop: bool = False
    share: float = 1.0  # of every rate and of the connections (at least one is left)
    message_rate: RateLimit | None = None
    connections: int = 0  # 0: as they are
    after: int = 1  # so many such replies …
    within_seconds: float = 0.0  # … within this time, before anything happens


class ReplyWatch(Protocol):
    def reaction(self, outcome: Outcome, facts: AttemptFacts) -> Reaction | None:
        """What the reply does to our pace. Asked for deferrals and failures with a reply; pure, fast, never raises."""
        ...


class NoReaction:
    """Nobody watches."""

    def reaction(self, outcome: Outcome, facts: AttemptFacts) -> Reaction | None:
        return None
