"""The port ReplyJudge: what a peer's words mean.

Owns   the question and its context; the rules are policy's.
"""

from typing import Protocol

import msgspec

from ..mta.outcome import Outcome
from .classes import MailClass


class AttemptFacts(msgspec.Struct, frozen=True, gc=False):
    """What the judge may look at beside the reply."""

    provider: str
    site: str
    domain: str
    mail_class: MailClass


class ReplyJudge(Protocol):
    def judge(self, outcome: Outcome, facts: AttemptFacts) -> Outcome:
        """The outcome as it shall count: a 5yz that means "slow down" becomes Deferred, kind and hint are filled in.

        Pure and fast; never raises.
        """
        ...
