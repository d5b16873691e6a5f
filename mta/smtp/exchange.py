"""What both sides said, kept while it is said: an Exchange for each transaction, the opening once for each session.

Owns   references to what was said, with the times that the driver gives; nothing is copied or put into words here.
Knows  nothing of what is kept in the end, or how it is shown: that is `mta.delivery.dialogue`.

Costs a tuple for each reply: dialogues are put together only for the few transactions whose dialogue is kept.
Bounded by the protocol: a reply for each command, and a session that is being opened says few.
No content is in it, and no secret: outbound sessions never say AUTH.
"""

from collections.abc import Sequence
from enum import StrEnum

from ..reply import Reply


class Voice(StrEnum):
    """Whose words a line of a dialogue is, or what it notes."""

    CLIENT = "C"
    SERVER = "S"
    CONNECTED = "connected"  # words: the host and its address
    TLS = "tls"  # words: the version
    EARLIER = "earlier"  # words: how many transactions the connection had before
    CONTENT = "content"  # words: octets sent; "" when the final dot was not
    LEFT_OUT = "left-out"  # words: how many lines
    END = "end"  # words: ours, why the dialogue ended without an answer


Spoken = tuple[float, Voice, Reply | bytes | str]
"""When (the driver's clock), who, what."""


class Exchange:
    """The dialogue of one transaction as far as it has come."""

    __slots__ = ("began_at", "commands", "dot_at", "earlier", "is_pipelined", "opening", "replies")

    def __init__(
        self, began_at: float, commands: Sequence[bytes], opening: Sequence[Spoken], earlier: int, *, is_pipelined: bool
    ) -> None:
        """`opening`: of the session. `earlier`: how many transactions of the session were started before."""
        self.began_at = began_at
        self.commands = commands  # in their order; how many were said follows from the replies
        self.opening = opening
        self.earlier = earlier
        self.is_pipelined = is_pipelined
        self.replies: list[tuple[float, Reply]] = []
        self.dot_at = 0.0
