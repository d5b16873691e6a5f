"""Usage: what credentials have sent within the last minute, hour and day.

Owns   the sliding sums, exact while messages are being accepted, and their reading from the store.
Knows  no limit's number (queue.people.allowances), no session. Times are monotonic seconds: a clock that is set changes
       nothing here.

Invariants
    In no span of a window's length is more counted out than the limit: a step of a window counts as long as any moment
    of it lies within. Room comes back at most one step (a 60th of the window) late.
    What is being accepted counts as now: two sessions of one credential cannot both take the last place.
    The store is the truth: a usage can be dropped at any time while nothing is being accepted, and is read again.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from ...mta.clock import Clock
from .allowances import Allowance, Counted, Exceeded, Span

UNLIMITED_ROOM = 1 << 30  # recipients: more than any message has
_STEPS = 60  # bounds memory and work whatever the limit is


class Tally:
    """A sum over a sliding span, in steps."""

    def __init__(self, span: Span) -> None:
        self._span = float(span)
        self._step = self._span / _STEPS
        self._steps: deque[tuple[float, int]] = deque()  # (when the step ends, how many)
        self._total = 0

    def add(self, moment: float, count: int) -> None:
        """`count` things happened; moments before the newest one count as the newest."""
        ends = (moment // self._step + 1) * self._step
        if self._steps and self._steps[-1][0] >= ends:
            ends, before = self._steps.pop()
            self._steps.append((ends, before + count))
        else:
            self._steps.append((ends, count))
        self._total += count

    def total(self, now: float) -> int:
        """How many happened within the span that ends now."""
        while self._steps and self._steps[0][0] + self._span <= now:
            self._total -= self._steps.popleft()[1]
        return self._total

    def seconds_until(self, now: float, most: int) -> float:
        """How long until no more than `most` are left; `most` below 0 never comes: the whole span is said."""
        left = self.total(now)
        if left <= most:
            return 0.0
        for ends, count in self._steps:
            left -= count
            if left <= most:
                return ends + self._span - now
        return self._span


class Usage:
    """One credential's."""

    def __init__(self) -> None:
        self._tallies = {(counted, span): Tally(span) for counted in Counted for span in Span}
        self._coming = dict.fromkeys(Counted, 0)

    @property
    def is_busy(self) -> bool:
        return self._coming[Counted.MESSAGES] > 0

    def add(self, moment: float, recipients: int) -> None:
        """A message was accepted."""
        for (counted, _span), tally in self._tallies.items():
            tally.add(moment, 1 if counted is Counted.MESSAGES else recipients)

    def begin(self, recipients: int) -> None:
        """A message is being accepted: it counts as accepted now. Always followed by `end`."""
        self._come(1, recipients)

    def end(self, moment: float, recipients: int, *, accepted: bool) -> None:
        """It was, or it was not."""
        self._come(-1, -recipients)
        if accepted:
            self.add(moment, recipients)

    def _come(self, messages: int, recipients: int) -> None:
        self._coming[Counted.MESSAGES] += messages
        self._coming[Counted.RECIPIENTS] += recipients

    def exceeded(self, allowance: Allowance, now: float, recipients: int) -> Exceeded | None:
        """What keeps one more message to so many recipients from being accepted now; of several, what lasts longest."""
        wants = {Counted.MESSAGES: 1, Counted.RECIPIENTS: recipients}
        worst: Exceeded | None = None
        for (counted, span), tally in self._tallies.items():
            limit = allowance.limit(counted, span)
            if limit and (found := self._beyond(tally, counted, span, limit, wants[counted], now)):
                worst = found if worst is None or _seconds(found) > _seconds(worst) else worst
        return worst

    def room(self, allowance: Allowance, now: float) -> int:
        """To how many recipients one more message may go, when one may."""
        rooms = [UNLIMITED_ROOM]
        for (counted, span), tally in self._tallies.items():
            limit = allowance.limit(counted, span)
            if limit and counted is Counted.RECIPIENTS:
                rooms.append(limit - tally.total(now) - self._coming[counted])
        return max(0, min(rooms))

    def _beyond(
        self, tally: Tally, counted: Counted, span: Span, limit: int, wanted: int, now: float
    ) -> Exceeded | None:
        room = limit - tally.total(now) - self._coming[counted]
        if wanted <= room:
            return None
        seconds = tally.seconds_until(now, limit - self._coming[counted] - wanted)
        return Exceeded(counted, span, limit, max(0, room), None if wanted > limit else seconds)


def _seconds(found: Exceeded) -> float:
    return float("inf") if found.again_seconds is None else found.again_seconds


class Busy(Protocol):
    """What is kept in memory, and may be dropped while it is not busy."""

    @property
    def is_busy(self) -> bool: ...


Kept = TypeVar("Kept", bound=Busy)
_TRIES = 16
ACTIVE = 2000  # some KB each; whoever was dropped is read again from an index


class Recent(Generic[Kept]):
    """What is known of those who were active lately, by number; the others are read when they come."""

    def __init__(self, read: Callable[[int], Kept], capacity: int = ACTIVE) -> None:
        self._read, self._capacity = read, capacity
        self._kept: OrderedDict[int, Kept] = OrderedDict()

    def of(self, number: int) -> Kept:
        """Reads what is not kept; raises what reading raises."""
        kept = self._kept.get(number)
        if kept is None:
            kept = self._kept[number] = self._read(number)
            self._make_room()
        else:
            self._kept.move_to_end(number)
        return kept

    def _make_room(self) -> None:
        for _ in range(min(_TRIES, len(self._kept) - 1)):  # never reaches the newest, which is about to be used
            if len(self._kept) <= self._capacity:
                return
            number, oldest = self._kept.popitem(last=False)
            if oldest.is_busy:
                self._kept[number] = oldest


class SentBefore(Protocol):
    """What the store has: (when, recipients) of a credential's messages, oldest first. Raises StorageError."""

    def sent_since(self, credential_id: int, since_ms: int) -> list[tuple[int, int]]: ...


def usage_reader(store: SentBefore, clock: Clock) -> Callable[[int], Usage]:
    """How a credential's usage is read."""

    def read(credential_id: int) -> Usage:
        usage = Usage()
        for at_ms, recipients in store.sent_since(credential_id, clock.now_ms() - 1000 * Span.DAY):
            usage.add(moment_of(at_ms, clock), recipients)
        return usage

    return read


def moment_of(at_ms: int, clock: Clock) -> float:
    """The monotonic moment of a row's time; a row from the future is from now."""
    return clock.monotonic() - max(0, clock.now_ms() - at_ms) / 1000
