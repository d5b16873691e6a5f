"""The port RetrySchedule: when a deferred recipient is tried again, and when it is too old.

Owns   only the question; the answer is policy.retry.
"""

from typing import Protocol

from ..mta.outcome import Deferred
from .classes import MailClass


class RetrySchedule(Protocol):
    def next_attempt_ms(self, now_ms: int, attempts: int, mail_class: MailClass, outcome: Deferred) -> int:
        """Epoch ms of the next attempt after `attempts` (≥ 1) attempts, the last ending in `outcome`."""
        ...

    def lifetime_ms(self, mail_class: MailClass) -> int:
        """How long after acceptance a recipient of this class may wait."""
        ...

    def site_backoff_seconds(self, failures: int) -> float:
        """How long a site rests after `failures` (≥ 1) rounds in which no MX of it answered."""
        ...
