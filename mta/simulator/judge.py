"""The judge of limits: a log and a limit in, how far the limit was used and by how much it was overstepped out.

Owns   `Bound` (a limit in force for a time), `judge`, and `bounds_of`: a provider's own limits over time.
Knows  nothing of what a receiver enforces: a bound may be one that only the sender knows of (a shaping rule), and a log
       is judged by it all the same.

An event is judged by the limit in force at its moment, together with what came before it: in the `seconds` up to it
(sliding), or in its stretch of the clock (fixed). So a limit that becomes smaller counts what left under the greater.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import groupby, pairwise
from typing import assert_never

import msgspec

from .behaviours import Counted, Per, WindowKind
from .provider import window_key
from .settings import ProviderSettings
from .traffic import TrafficLog
from .windows import window_number

_FOR_EVER = float("inf")


class What(StrEnum):
    """What a bound bounds."""

    MAILS = "mails"  # MAIL commands in a window, whatever was answered
    CONNECTS = "connects"  # in a window
    OPEN = "open"  # connections at once
    MESSAGES = "messages"  # on one connection


class Bound(msgspec.Struct, frozen=True, omit_defaults=True):
    """At most `most`; `seconds`, `kind` and `zone` are of windows. In force from `since` until `until` (log time)."""

    what: What
    most: int
    seconds: float = 0.0
    kind: WindowKind = WindowKind.SLIDING
    zone: str = "UTC"
    per: Per = Per.PROVIDER
    since: float = 0.0
    until: float = _FOR_EVER
    late_seconds: float = 0.0  # of `open`: ends of connections are seen so much late


class Finding(msgspec.Struct, frozen=True):
    """The worst moment under a bound. `events` are all that it was asked to judge."""

    bound: Bound
    worst: int = 0
    at: float = 0.0
    events: int = 0

    @property
    def excess(self) -> int:
        return max(0, self.worst - self.bound.most)


def judge(log: TrafficLog, bound: Bound) -> Finding:
    """The most that was counted at any event while the bound was in force."""
    worst, at, events = 0, 0.0, 0
    for time, count in _counts(log, bound):
        if bound.since <= time < bound.until:
            events += 1
            if count > worst:
                worst, at = count, time
    return Finding(bound, worst, at, events)


def bounds_of(log: TrafficLog) -> list[Bound]:
    """What a provider's settings said, each for as long as they said it."""
    ends = [*(since for since, _ in log.settings[1:]), _FOR_EVER]
    stretches = zip(log.settings, ends, strict=True)
    found = [
        msgspec.structs.replace(bound, since=since, until=until)
        for (since, settings), until in stretches
        for bound in _bounds(settings)
    ]
    return _joined(found)


def _bounds(settings: ProviderSettings) -> Iterator[Bound]:
    whats = {Counted.MESSAGES: What.MAILS, Counted.CONNECTIONS: What.CONNECTS}
    for window in settings.window:
        if what := whats.get(window.counts):
            yield Bound(what, window.most, window.seconds, window.kind, window.zone, window.per)
    limits = settings.limits
    if limits.connections_at_once:
        yield Bound(What.OPEN, limits.connections_at_once, per=Per.CLIENT)
    if limits.messages_per_connection:
        yield Bound(What.MESSAGES, limits.messages_per_connection)


def _joined(bounds: list[Bound]) -> list[Bound]:
    """Bounds that only go on are one."""
    result: list[Bound] = []
    bounds.sort(key=lambda each: (_kind(each), each.since))
    for _, same in groupby(bounds, _kind):
        first, *rest = same
        result.append(first)
        for earlier, later in pairwise([first, *rest]):
            if earlier.until == later.since:
                result[-1] = msgspec.structs.replace(result[-1], until=later.until)
            else:
                result.append(later)
    return result


def _kind(bound: Bound) -> str:
    return str(msgspec.structs.replace(bound, since=0.0, until=_FOR_EVER))


def _counts(log: TrafficLog, bound: Bound) -> Iterator[tuple[float, int]]:
    """Each event's time, and what is counted at it, this event included."""
    match bound.what:
        case What.MAILS:
            return _in_windows(((t, window_key(bound.per, c, r)) for t, c, r in log.mails), bound, log.wall_ahead)
        case What.CONNECTS:
            return _in_windows(((t, window_key(bound.per, c, "")) for t, c in log.connects), bound, log.wall_ahead)
        case What.OPEN:
            return _at_once(log, bound)
        case What.MESSAGES:
            return ((time, messages) for time, _, messages in log.closes)
        case _:
            assert_never(bound.what)


def _in_windows(events: Iterable[tuple[float, str]], bound: Bound, wall_ahead: float) -> Iterator[tuple[float, int]]:
    inside: dict[str, deque[float]] = {}
    fixed = bound.kind is WindowKind.FIXED
    for time, key in events:
        times = inside.setdefault(key, deque())
        times.append(time)
        if fixed:
            number = window_number(time + wall_ahead, bound.seconds, bound.zone)
            while window_number(times[0] + wall_ahead, bound.seconds, bound.zone) != number:
                times.popleft()
        else:
            while times[0] <= time - bound.seconds:
                times.popleft()
        yield time, len(times)


def _at_once(log: TrafficLog, bound: Bound) -> Iterator[tuple[float, int]]:
    """A close at the moment of a connect comes first. Closes without a connect in the log are left out."""
    steps = [(time - bound.late_seconds, -1, client) for time, client, _ in log.closes]
    steps += [(time, 1, client) for time, client in log.connects]
    missing = len(log.closes) > len(log.connects)
    open_now: dict[str, int] = {}
    for time, step, client in sorted(steps):
        key = window_key(bound.per, client, "")
        count = open_now.get(key, 0) + step
        open_now[key] = max(0, count) if missing else count
        if step > 0:
            yield time, open_now[key]
