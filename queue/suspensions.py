"""Suspensions: what is stopped or slowed now, by a receiver's reply or by an operator, until when, and why.

Owns   the book of everything in force, asked before every lease; rows keep it over a restart.
Knows  nothing of rules (queue.reactions) or of lanes. Times in rows are epoch milliseconds.
"""

from enum import StrEnum

import msgspec

from .flows import Flow
from .limits import RateLimit


class SuspensionScope(StrEnum):
    """What a suspension names; `Suspension.subject` is the name."""

    PROVIDER = "provider"  # with `source`: this (provider, source) only; with `sender_domain`: that sender's mail only
    SITE = "site"
    DOMAIN = "domain"
    ACCOUNT = "account"
    STREAM = "stream"


class Suspension(msgspec.Struct, frozen=True):
    """One thing that is stopped (`stop`) or slowed."""

    id: int
    scope: SuspensionScope
    subject: str  # provider, site or domain name; number of an account or stream
    source: str = ""  # "" = every source
    sender_domain: str = ""  # "" = every sender
    stop: bool = True
    share: float = 1.0
    message_rate: RateLimit | None = None
    connections: int = 0
    since_ms: int = 0
    until_ms: int | None = None  # None: until somebody resumes
    rule: str = ""  # of shaping.toml; "" = an operator's
    reply: str = ""  # the words that set it off
    reason: str = ""
    who: str = ""  # the operator


class Suspensions:
    """In memory; every question is a few dictionary look-ups, none when the book is empty."""

    def __bool__(self) -> bool:
        """Whether anything at all is in force."""
        return False

    def of_lane(self, provider: str, source: str) -> Suspension | None:
        """What stops all mail of this (provider, source)."""
        return None

    def of_place(self, site: str, domain: str) -> Suspension | None:
        """What stops a site or a domain."""
        return None

    def of_flow(self, flow: Flow, provider: str) -> Suspension | None:
        """What stops a flow: its account, its stream (paused streams too), or its sender domain at this provider."""
        return None
