"""Suspensions: what is stopped or slowed now, by a receiver's reply or by an operator, until when, and why.

Owns   the book of everything in force, asked before every lease.
Knows  nothing of rows (queue.pace.suspending writes them), of rules (queue.reactions) or of lanes. Times are epoch
       milliseconds; what has run out is not in force, whether or not anybody took it out of the book.

Whoever changes the book calls `Dispatcher.stops_changed()` afterwards.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from ...mta.clock import Clock, SystemClock
from ..flows import Flow
from ..limits import RateLimit


class SuspensionScope(StrEnum):
    """What a suspension names; `Suspension.subject` is the name."""

    PROVIDER = "provider"  # with `source`: this (provider, source) only; with `sender_domain`: that sender's mail only
    SITE = "site"
    DOMAIN = "domain"
    ACCOUNT = "account"
    STREAM = "stream"


class Suspension(msgspec.Struct, frozen=True):
    """One thing that is stopped (`stop`) or slowed.

    A negative id has no row of its own: a paused stream has -stream_id, and stands in the row of the stream.
    """

    id: int
    scope: SuspensionScope
    subject: str  # provider, site or domain name; number of an account or stream
    source: str = ""  # "" = every source
    sender_domain: str = ""  # "" = every sender
    stop: bool = True
    share: float = 1.0
    message_rate: RateLimit | None = None
    connections: int = 0
    since_ms: int = 0
    until_ms: int | None = None  # None: until somebody resumes
    rule: str = ""  # of shaping.toml; "" = an operator's
    reply: str = ""  # the words that set it off
    reason: str = ""
    who: str = ""  # the operator

    def is_over(self, now_ms: int) -> bool:
        return self.until_ms is not None and self.until_ms <= now_ms


Place = tuple[SuspensionScope, str, str, str]
"""Scope, subject, source and sender domain."""


def place_of(suspension: Suspension) -> Place:
    """What it speaks about: two suspensions of one place concern the same mail."""
    return suspension.scope, suspension.subject, suspension.source, suspension.sender_domain


class Suspensions:
    """In memory; every question is a few dictionary look-ups, none when the book is empty."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._by_id: dict[int, Suspension] = {}
        self._by_place: dict[Place, dict[int, Suspension]] = {}

    def __repr__(self) -> str:
        return f"<Suspensions {len(self._by_id)} in the book>"

    def __bool__(self) -> bool:
        """Whether anything at all is in force."""
        return bool(self._by_id)

    # -- what is stopped ------------------------------------------------------------------------------------------

    def of_lane(self, provider: str, source: str) -> Suspension | None:
        """What stops all mail of this (provider, source)."""
        if not self._by_id:
            return None
        scope = SuspensionScope.PROVIDER
        return self._stop(((scope, provider, source, ""), (scope, provider, "", "")))

    def of_place(self, site: str, domain: str) -> Suspension | None:
        """What stops a site or a domain."""
        if not self._by_id:
            return None
        return self._stop(((SuspensionScope.SITE, site, "", ""), (SuspensionScope.DOMAIN, domain, "", "")))

    def of_flow(self, flow: Flow, provider: str) -> Suspension | None:
        """What stops a flow: its account, its stream (paused streams too), or its sender domain at this provider."""
        if not self._by_id:
            return None
        key = flow.key
        places: list[Place] = [(SuspensionScope.ACCOUNT, str(key.account_id), "", "")]
        if key.stream_id:
            places.append((SuspensionScope.STREAM, str(key.stream_id), "", ""))
        if key.sender_domain:
            places.append((SuspensionScope.PROVIDER, provider, "", key.sender_domain))
        return self._stop(places)

    # -- what is slowed (queue.pace.slowing) ---------------------------------------------------------------------------

    def slowings(self, provider: str, source: str) -> list[Suspension]:
        """What slows all mail of this (provider, source)."""
        if not self._by_id:
            return []
        scope = SuspensionScope.PROVIDER
        return self._slow(((scope, provider, source, ""), (scope, provider, "", "")))

    def slowings_of_site(self, site: str) -> list[Suspension]:
        return self._slow(((SuspensionScope.SITE, site, "", ""),)) if self._by_id else []

    def slowings_of_sender(self, provider: str, sender_domain: str) -> list[Suspension]:
        """What slows one sender's mail to a provider."""
        if not (self._by_id and sender_domain):
            return []
        return self._slow(((SuspensionScope.PROVIDER, provider, "", sender_domain),))

    # -- the book -------------------------------------------------------------------------------------------------

    def put(self, suspension: Suspension) -> None:
        """New, or changed: the id says which."""
        self.take_out(suspension.id)
        self._by_id[suspension.id] = suspension
        self._by_place.setdefault(place_of(suspension), {})[suspension.id] = suspension

    def take_out(self, suspension_id: int) -> Suspension | None:
        """It is in force no more; what it was, if it was in the book."""
        suspension = self._by_id.pop(suspension_id, None)
        if suspension is not None:
            place = place_of(suspension)
            del self._by_place[place][suspension_id]
            if not self._by_place[place]:
                del self._by_place[place]
        return suspension

    def at(self, place: Place) -> list[Suspension]:
        """Everything in force at exactly this place."""
        return [each for each in self._by_place.get(place, {}).values() if not each.is_over(self._clock.now_ms())]

    def in_force(self) -> list[Suspension]:
        """Everything, oldest first."""
        now_ms = self._clock.now_ms()
        return sorted(
            (each for each in self._by_id.values() if not each.is_over(now_ms)), key=lambda each: each.since_ms
        )

    def take_out_ended(self) -> list[Suspension]:
        """What has run out since somebody last asked."""
        now_ms = self._clock.now_ms()
        ended = [each for each in self._by_id.values() if each.is_over(now_ms)]
        for each in ended:
            self.take_out(each.id)
        return ended

    def soonest_end_ms(self) -> int | None:
        """When the next one runs out; None: only people end what is in force."""
        return min((each.until_ms for each in self._by_id.values() if each.until_ms is not None), default=None)

    def _stop(self, places: Iterable[Place]) -> Suspension | None:
        """Of several stops the one that lasts longest is told."""
        return max((each for each in self._of(places) if each.stop), key=_end, default=None)

    def _slow(self, places: Iterable[Place]) -> list[Suspension]:
        return [each for each in self._of(places) if not each.stop]

    def _of(self, places: Iterable[Place]) -> Iterator[Suspension]:
        for place in places:
            found = self._by_place.get(place)
            if found:
                now_ms = self._clock.now_ms()
                yield from (each for each in found.values() if not each.is_over(now_ms))


def _end(suspension: Suspension) -> float:
    return float("inf") if suspension.until_ms is None else suspension.until_ms
