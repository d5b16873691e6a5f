"""Limits on people: who is limited, by which numbers, and what a session hears before it sends a message.

Owns   the rule: a trusted network is not limited; a people's credential has the configured allowance; a transactional
       one has none; numbers of a credential's own take the place of the others, for every class.
Knows  no row and no file: numbers and usage come in as callables. Pure.

What is said here at MAIL and RCPT is advice, in time for a client to show it to its person. The count itself is made
after the final dot, in one step (queue.people.people): nothing has to be given back when a transaction is abandoned.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Generic, TypeVar

import msgspec

from ..mta.clock import Clock
from ..mta.submission.ports import Client, Origin, Refuse
from ..queue.classes import MailClass
from ..queue.people.allowances import UNLIMITED, Allowance
from ..queue.people.usage import UNLIMITED_ROOM, Usage

OwnLimits = Callable[
    [int], Mapping[str, int]
]  # of a credential: fields of Allowance that it has numbers of its own for
UsageOf = Callable[[int], Usage]  # of a credential; may raise StorageError
_MAX_OPEN = 4096  # transactions whose recipients are counted; beyond it they are counted after the final dot only


class PeopleLimits:
    """Implements queue.people.allowances.AllowanceSource."""

    def __init__(self, configured: Allowance, own_limits: OwnLimits) -> None:
        self._configured, self._own_limits = configured, own_limits

    def reload(self, configured: Allowance) -> None:
        """Numbers of a new configuration hold from the next command on."""
        self._configured = configured

    def allowance_for(self, origin: Origin) -> Allowance | None:
        if not origin.credential_id:
            return None
        base = self._configured if origin.mail_class == MailClass.PEOPLE else UNLIMITED
        own = self._own_limits(origin.credential_id)
        allowance = replaced(base, tuple(own.items())) if own else base
        return allowance if allowance.counts else None


@lru_cache(maxsize=4096)
def replaced(base: Allowance, own: tuple[tuple[str, int], ...]) -> Allowance:
    """Numbers of a credential's own in the place of the others."""
    return msgspec.structs.replace(base, **dict(own))


Kept = TypeVar("Kept")


class OpenTransactions(Generic[Kept]):
    """Something small for each session that is in a transaction; bounded, and the oldest are forgotten."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, client: Client) -> Kept | None:
        return self._kept.get((client.address, client.port))

    def put(self, client: Client, kept: Kept) -> None:
        session = (client.address, client.port)
        self._kept[session] = kept
        self._kept.move_to_end(session)
        if len(self._kept) > _MAX_OPEN:
            self._kept.popitem(last=False)


class SessionLimits:
    """Whether the next message, or recipient, of a session would be within its login's allowance."""

    def __init__(self, limits: PeopleLimits, usage_of: UsageOf, clock: Clock) -> None:
        self._limits, self._usage_of, self._clock = limits, usage_of, clock
        self._open = OpenTransactions[int]()  # recipients taken

    def check_mail(self, client: Client, origin: Origin) -> Refuse | None:
        """At MAIL. Raises StorageError."""
        return self._check(client, origin, taken=0, named=0)

    def check_recipient(self, client: Client, origin: Origin) -> Refuse | None:
        """At a RCPT that nothing else objects to. Raises StorageError."""
        taken = self._open.get(client) or 0
        return self._check(client, origin, taken=taken, named=taken + 1)

    def room(self, origin: Origin, *, named: int, taken: int) -> int | Refuse:
        """Implements mta.submission.ports.SendingRoom, for sessions in other processes. Raises StorageError."""
        allowance = self._limits.allowance_for(origin)
        if allowance is None:
            return UNLIMITED_ROOM
        usage, now = self._usage_of(origin.credential_id), self._clock.monotonic()
        exceeded = usage.exceeded(allowance, now, max(1, named))
        if exceeded is not None:
            return Refuse(exceeded.reply(self._clock.now_ms(), taken=taken))
        return usage.room(allowance, now)

    def _check(self, client: Client, origin: Origin, *, taken: int, named: int) -> Refuse | None:
        """`named`: recipients of the transaction if this passes; at MAIL one is certain to come."""
        if self._limits.allowance_for(origin) is None:
            return None
        found = self.room(origin, named=named, taken=taken)
        if isinstance(found, Refuse):
            return found
        self._open.put(client, named)
        return None
