"""Limits on people in a process that serves sessions: the owner counts, a transaction is answered from its word.

Owns   AskedLimits: at MAIL the owner is asked how many recipients are left, and RCPT is answered from that; beyond it
       the owner is asked again, for the words of the refusal or because room came back.
Knows  no number and no usage. Advice, as in policy.people.
"""

from collections.abc import Awaitable, Callable

import msgspec

from ..mta.submission.ports import Client, Origin, Proceed, Refuse, Verdict
from .people import OpenTransactions

AskRoom = Callable[[Origin, int, int], Awaitable[int | Refuse]]  # of an origin, recipients named, recipients taken
_PROCEED = Proceed()


class _Transaction(msgspec.Struct):
    taken: int
    room: int  # how many recipients it may have, as the owner said


class AskedLimits:
    """What HookedSessionPolicy asks about limits; only of logins, never of trusted networks."""

    def __init__(self, ask: AskRoom) -> None:
        self._ask = ask
        self._open = OpenTransactions[_Transaction]()

    def check_mail(self, client: Client, origin: Origin) -> Awaitable[Verdict]:
        """At MAIL."""
        return self._asked(client, origin, taken=0, named=0)

    def check_recipient(self, client: Client, origin: Origin) -> Awaitable[Verdict] | None:
        """At a RCPT that nothing else objects to."""
        transaction = self._open.get(client)
        if transaction is None:
            return self._asked(client, origin, taken=0, named=1)
        if transaction.taken >= transaction.room:
            return self._asked(client, origin, taken=transaction.taken, named=transaction.taken + 1)
        transaction.taken += 1
        return None

    async def _asked(self, client: Client, origin: Origin, *, taken: int, named: int) -> Verdict:
        found = await self._ask(origin, named, taken)
        if isinstance(found, Refuse):
            return found
        self._open.put(client, _Transaction(named, found))
        return _PROCEED
