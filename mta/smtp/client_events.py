"""What a client session tells its driver.

Owns   the event values, in the order in which they happened.
"""

from typing import Any

import msgspec

from ..reply import Reply
from .client_transaction import Transaction
from .errors import PeerError


class BeginTls(msgspec.Struct, frozen=True):
    """Do the handshake now, then `ClientSession.tls_started`. Octets that arrive before it are thrown away."""


class Ready(msgspec.Struct, frozen=True):
    """The session takes transactions."""


class SendContent(msgspec.Struct, frozen=True):
    """Write the content, then `ClientSession.dot_sent`; unless the session has left State.BODY by then."""

    transaction: Transaction[Any]


class Ended(msgspec.Struct, frozen=True):
    """Every recipient of the transaction has its outcome."""

    transaction: Transaction[Any]


class Refused(msgspec.Struct, frozen=True):
    """The peer will not speak with us: the session is closed before it was ready."""

    reply: Reply


class Closing(msgspec.Struct, frozen=True):
    """The peer ends the session with `reply` (421, or what answers QUIT). Ask `ClientSession.abandon` what is open."""

    reply: Reply


class Faulted(msgspec.Struct, frozen=True):
    """The peer broke the protocol, or has not what we require of it; the session is closed."""

    error: PeerError


Event = BeginTls | Ready | SendContent | Ended | Refused | Closing | Faulted
