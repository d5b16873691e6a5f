"""What an inbound session asks of the rest of the house.

Owns    the port `InboundSink`, and `RefusingSink`, which stands in for it until inbound mail is taken.
Knows   nothing of VERP, reports or people: which addresses are ours is the sink's knowledge.
"""

from typing import Protocol

from ..envelope import Domain
from ..reply import Reply, reply


class InboundSink(Protocol):
    """Takes mail for addresses of ours."""

    async def recipient(self, address: str, domain: Domain) -> Reply:
        """250 when mail to this address is taken; 550 5.1.1 when there is no such address."""
        ...


class RefusingSink:
    """Has no addresses."""

    async def recipient(self, address: str, domain: Domain) -> Reply:
        return reply(550, "5.1.1", "no such address here")
