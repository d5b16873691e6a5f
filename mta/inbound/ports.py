"""What an inbound session asks of the rest of the house.

Owns    the port `InboundSink`.
Knows   nothing of VERP, reports or people: which addresses are ours is the sink's knowledge.
"""

from collections.abc import Awaitable
from typing import Protocol

from ..envelope import Domain
from ..submission.ports import Client, Intake, Verdict


class InboundSink(Intake, Protocol):
    """Takes mail for addresses of ours: before the recipients are known it may defer, then it judges each."""

    def mail_from(self, client: Client) -> Verdict:
        """At MAIL: 452 4.3.1 when there is no room, 451 4.7.1 when this host writes too much."""
        ...

    def recipient(self, address: str, domain: Domain) -> Verdict | Awaitable[Verdict]:
        """Proceed when mail to this address is taken; 550 5.1.1 when there is no such address in a domain of ours,
        550 5.7.1 when the domain is none of ours, 4yz when it cannot be said or taken now."""
        ...
