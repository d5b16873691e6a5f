"""Allowances: how much a credential may send, and what is said when it wants more.

Owns   the values Allowance and Exceeded, their reply, and the port AllowanceSource. What was sent is counted in
       queue.people.usage.
Knows  no configuration. A day is any 24 hours, not a calendar day: nobody has to know a person's time zone, and no
       two days' worth leaves around midnight.

A reply names the limit and when sending is possible again: an hourly limit that only says "later" is taken for a
fault. 450 4.7.1 (RFC 5321 §4.2.3, RFC 3463 §3.8); 452 4.5.3 when some recipients of the transaction were taken already
(RFC 5321 §4.5.3.1.10), so that a program sends the rest in another one.
"""

import math
from enum import IntEnum, StrEnum
from typing import Protocol

import msgspec

from ...mta.reply import Reply, reply
from ...mta.submission.ports import Origin


class Span(IntEnum):
    """How long a window is, in seconds."""

    MINUTE = 60
    HOUR = 3600
    DAY = 86400


class Counted(StrEnum):
    MESSAGES = "messages"
    RECIPIENTS = "recipients"


class Allowance(msgspec.Struct, frozen=True):
    """At most so many in any span of that length; 0: no limit."""

    messages_per_minute: int = 0
    messages_per_hour: int = 0
    messages_per_day: int = 0
    recipients_per_minute: int = 0
    recipients_per_hour: int = 0
    recipients_per_day: int = 0
    new_recipients_per_day: int = 0  # beyond it a message is held

    def limit(self, counted: Counted, span: Span) -> int:
        return getattr(self, _FIELDS[counted, span])

    @property
    def counts(self) -> bool:
        """Whether anything is limited."""
        return self != UNLIMITED


UNLIMITED = Allowance()
_FIELDS = {(counted, span): f"{counted}_per_{span.name.lower()}" for counted in Counted for span in Span}


class AllowanceSource(Protocol):
    """How much may this login send?"""

    def allowance_for(self, origin: Origin) -> Allowance | None:
        """None: as much as it wants, and nothing is counted. Asked for every message."""
        ...


class Exceeded(msgspec.Struct, frozen=True):
    """A limit that does not let a transaction pass. `room`: how many of its kind would still pass now."""

    counted: Counted
    span: Span
    limit: int
    room: int
    again_seconds: float | None  # None: never, since one message alone is beyond the limit

    def reply(self, now_ms: int, *, taken: int = 0) -> Reply:
        """`taken`: how many recipients of the transaction were taken before this one."""
        text = self._text(now_ms, taken)
        return reply(452, "4.5.3", text) if taken or self.again_seconds is None else reply(450, "4.7.1", text)

    def _text(self, now_ms: int, taken: int) -> str:
        allowed = f"{self.limit} {self.counted if self.limit != 1 else self.counted[:-1]} within {_SPANS[self.span]}"
        if self.again_seconds is None:
            return f"This login may write to {allowed}, so one message cannot have more; send the rest later"
        verb = "send" if self.counted is Counted.MESSAGES else "write to"
        return f"This login may {verb} {allowed}, {self._rest(taken)}; try again in {_when(self.again_seconds, now_ms)}"

    def _rest(self, taken: int) -> str:
        if taken:
            return "and this message has the last of them"
        return f"and {self.room} more now" if self.room else "and has done so"


_SPANS = {Span.MINUTE: "a minute", Span.HOUR: "an hour", Span.DAY: "24 hours"}


def _when(seconds: float, now_ms: int) -> str:
    """How long from now; beyond a minute also the time of day, in the one zone everybody can look up."""
    if seconds <= 60:
        return f"{max(1, math.ceil(seconds))} s"
    minutes = math.ceil(seconds / 60)
    hours, rest = divmod(minutes, 60)
    length = f"{hours} h {rest} min" if hours else f"{minutes} min"
    minute_of_day = (now_ms // 60_000 + minutes) % 1440
    return f"{length} (at {minute_of_day // 60:02}:{minute_of_day % 60:02} UTC)"
