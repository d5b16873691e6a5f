"""Return paths: where bounces of a message go, decided once, when it is accepted, and kept for every retry.

Owns   the values, why a reverse-path that was given is kept, and the port that decides.
Knows  neither accounts nor the name system (policy.return_paths), and makes no address: a worker does, of what the
       row says and the recipient's number (queue.signed_address).

People's mail keeps its reverse-path, so that bounces reach them. What programs and streams send has a VERP address for
each recipient, in the domain of the author, while mail for that domain comes to us.
RFC 5321 §4.4 (the reverse-path is where failures are told).
"""

from collections.abc import Awaitable
from enum import StrEnum
from typing import Protocol

import msgspec


class WhyKept(StrEnum):
    """Why mail whose class would have VERP has the reverse-path that was given. The words are in rows."""

    NULL = "null"  # there was none: nobody shall be told
    SWITCHED_OFF = "switched-off"  # of the account
    ASKED = "asked"  # of the stream
    NOT_LISTENING = "not-listening"  # this system takes no mail
    NOBODYS = "nobodys-domain"  # of no account: our listener would refuse what comes back
    ELSEWHERE = "mx-elsewhere"
    UNKNOWN = "mx-unknown"  # the name system did not answer


class ReturnPath(msgspec.Struct, frozen=True):
    """One decision; both empty: the class keeps what was given."""

    verp_domain: str = ""
    kept: WhyKept | None = None


GIVEN = ReturnPath()


class ReturnPaths(Protocol):
    """Both answer at once about a domain that was asked about lately, else within seconds, and never raise."""

    def choose(self, account_id: int, author_domain: str) -> ReturnPath | Awaitable[ReturnPath]:
        """For what an account sends."""
        ...

    def leading(self, author_domain: str) -> ReturnPath | Awaitable[ReturnPath]:
        """Whether bounces to addresses in the domain come to us, whoever sends."""
        ...


class NoVerp:
    """Implements ReturnPaths where nothing is known of domains: what was given is used."""

    def choose(self, account_id: int, author_domain: str) -> ReturnPath:
        return GIVEN

    def leading(self, author_domain: str) -> ReturnPath:
        return GIVEN
