"""When a deferred recipient is tried again.

Owns   Schedule, which implements `queue.retry.RetrySchedule`: the waiting times, what greylisting and a
       receiver's hint change about them, jitter, lifetimes, and the rest of a site that does not answer.
Knows  nothing of queues or clocks: time comes in and goes out as numbers, chance comes in as a random.Random.

Waiting times double from 5 minutes to 4 hours (RFC 5321 §4.5.4.1 asks for 30 minutes between tries "in general", and
allows quicker ones at first). Jitter spreads what was deferred together. A wait that somebody asked for, a greylister
or a hint, is never made shorter by jitter.
"""

from collections.abc import Mapping
from random import Random
from types import MappingProxyType

from ..mta.outcome import Deferred
from ..queue.classes import MailClass
from .bounces.categories import GREYLISTED, MAILBOX_FULL

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

FIRST_WAIT_SECONDS = 5 * MINUTE
LONGEST_WAIT_SECONDS = 4 * HOUR
GREYLIST_WAIT_SECONDS = 6 * MINUTE  # most greylisters open after 5 minutes
SHORTEST_HINT_SECONDS = 1 * MINUTE
LONGEST_HINT_SECONDS = 4 * HOUR
JITTER = 0.15
SITE_BACKOFF_MINUTES = (1, 2, 5, 10, 20, 30)

LIFETIMES: Mapping[MailClass, int] = MappingProxyType(
    {MailClass.PEOPLE: 5 * DAY, MailClass.BULK: 3 * DAY, MailClass.TRANSACTIONAL: 1 * DAY}
)
"""Seconds; a message may bring its own."""


class Schedule:
    """Implements RetrySchedule."""

    def __init__(self, random: Random, lifetimes: Mapping[MailClass, int] = LIFETIMES) -> None:
        self._random = random
        self._lifetimes = lifetimes

    def next_attempt_ms(self, now_ms: int, attempts: int, mail_class: MailClass, outcome: Deferred) -> int:
        assert attempts >= 1, "a deferral without an attempt"
        asked = _asked_seconds(attempts, mail_class, outcome)
        if asked is not None:
            return now_ms + round(1000 * asked * (1 + self._random.uniform(0, JITTER)))
        return now_ms + round(1000 * _usual_seconds(attempts) * (1 + self._random.uniform(-JITTER, JITTER)))

    def lifetime_ms(self, mail_class: MailClass) -> int:
        return 1000 * self._lifetimes[mail_class]

    def site_backoff_seconds(self, failures: int) -> float:
        assert failures >= 1, "a site rests only after it failed"
        return float(SITE_BACKOFF_MINUTES[min(failures, len(SITE_BACKOFF_MINUTES)) - 1] * MINUTE)


def _asked_seconds(attempts: int, mail_class: MailClass, outcome: Deferred) -> int | None:
    """A wait that has a reason of its own; None when the usual one will do."""
    if outcome.retry_after_seconds is not None:
        return min(max(outcome.retry_after_seconds, SHORTEST_HINT_SECONDS), LONGEST_HINT_SECONDS)
    if outcome.category == GREYLISTED and attempts == 1:
        return GREYLIST_WAIT_SECONDS
    if outcome.category == MAILBOX_FULL and mail_class is MailClass.BULK:
        return DAY  # within bulk's 3 days that makes three tries
    return None


def _usual_seconds(attempts: int) -> int:
    doublings = min(attempts - 1, 10)  # more would only make a large number to cut off
    return min(FIRST_WAIT_SECONDS << doublings, LONGEST_WAIT_SECONDS)
