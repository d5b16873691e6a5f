"""Suppression at RCPT: a program hears at once that an address is not written to, and why.

Owns   the refusal of a submitted recipient and its words.
Knows  no SQL (lookup). What cannot be looked up is taken: the gate asks again before it leaves.
"""

import datetime
import logging
from collections.abc import Callable

from ...mta.reply import reply
from ...mta.submission.ports import Origin, Refuse
from ...policy.suppression import Reason
from ...queue.classes import MailClass
from ..store import StoreError
from .lookup import Asked, Hit, SuppressionLookup

_log = logging.getLogger("youtong.submission")
_WORDS = {
    Reason.BLOCK: "5.7.1 The operator of this system has blocked mail to this address",
    Reason.COMPLAINT: "5.7.1 This recipient complained about mail from this account",
    Reason.UNSUBSCRIBE: "5.7.1 This recipient has unsubscribed",
    Reason.HARD_BOUNCE: "5.1.1 This address is suppressed because it did not exist when it was written to",
    Reason.MANUAL: "5.7.1 This address is on the account's list of addresses not to write to",
}


class SuppressedRecipients:
    """What HookedSessionPolicy asks at RCPT."""

    def __init__(self, lookup: SuppressionLookup, tree_of: Callable[[int], int]) -> None:
        self._lookup, self._tree_of = lookup, tree_of

    def check(self, origin: Origin, address: str) -> Refuse | None:
        """550 for a recipient that the gate would skip. Never raises."""
        try:
            if self._lookup.is_empty:
                return None
            asked = Asked(self._tree_of(origin.account_id), MailClass(origin.mail_class), address)
            hit = self._lookup.find([asked])[0]
            since_ms = self._lookup.since_ms(hit.entry) if hit is not None else 0
        except StoreError as error:
            _log.warning("suppressions cannot be read, the recipient is taken error=%s", error)
            return None
        return None if hit is None else _refused(hit, since_ms)


def _refused(hit: Hit, since_ms: int) -> Refuse:
    enhanced, _, words = _WORDS[hit.reason].partition(" ")
    day = datetime.datetime.fromtimestamp(since_ms / 1000, datetime.UTC).date().isoformat()
    return Refuse(reply(550, enhanced, f"{words} (since {day}, entry {hit.entry})"))
