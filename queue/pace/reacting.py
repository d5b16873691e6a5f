"""Reacting: from what receivers reply to what is stopped or slowed.

Owns   counting replies (so many within such a time), and what a reaction becomes: a new suspension, one that lasts
       longer, or nothing new.
Knows  no rule (the port ReplyWatch does) and no row: what is to be written is handed over with the outcomes.

Invariants
    Q5  a reaction changes no outcome.
    What is stopped already by a reply is not stopped twice, and what a rule slows already is not slowed twice: it
    lasts longer. A stop beside a slowing is both; while it lasts the harder one is what counts.
    The counts are bounded, and are memory only: a new owner counts from nothing.
"""

import logging
from collections import deque
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from ...mta.clock import Clock
from ...mta.outcome import Delivered, Outcome
from ...mta.reply import Reply
from ..judging import AttemptFacts
from ..reactions import Reaction, ReactionScope, ReplyWatch
from .suspending import Suspending
from .suspensions import Place, Suspension, SuspensionScope, place_of

_log = logging.getLogger("youtong.queue")
_MAX_COUNTED = 10_000  # (rule, place) pairs; those that began first are forgotten
_MAX_REPLY = 500


class Reacting:
    """Used from the event loop only."""

    def __init__(self, watch: ReplyWatch, suspending: Suspending, clock: Clock) -> None:
        self._watch, self._suspending, self._clock = watch, suspending, clock
        self._counts: dict[tuple[str, Place], deque[float]] = {}
        self._unwritten: dict[int, Suspension] = {}

    def heard(
        self, outcomes: Sequence[Outcome], facts: AttemptFacts, source: str, sender_domain: str
    ) -> dict[Reply, int]:
        """What these replies of one transaction set off: reply → number of the suspension. Each is looked at once."""
        set_off: dict[Reply, int] = {}
        seen: set[Reply] = set()
        for outcome in outcomes:
            if isinstance(outcome, Delivered) or outcome.reply is None or outcome.reply in seen:
                continue
            seen.add(outcome.reply)
            reaction = self._reaction(outcome, facts)
            if reaction is not None and (number := self._meet(reaction, facts, source, sender_domain, outcome.reply)):
                set_off[outcome.reply] = number
        return set_off

    def take_unwritten(self) -> list[Suspension]:
        """What has to be written together with the outcomes that were heard."""
        unwritten, self._unwritten = self._unwritten, {}
        return list(unwritten.values())

    def forget_counts(self, suspensions: Iterable[Suspension]) -> None:
        """Somebody resumed these: what was counted before says nothing about the time after."""
        places = {place_of(each) for each in suspensions}
        for key in [key for key in self._counts if key[1] in places]:
            del self._counts[key]

    def _reaction(self, outcome: Outcome, facts: AttemptFacts) -> Reaction | None:
        try:
            return self._watch.reaction(outcome, facts)
        except Exception:  # noqa: BLE001 - the bulkhead of one rule file (Q7): the outcome counts all the same
            _log.exception("a reply could not be looked at site=%s", facts.site)
            return None

    def _meet(
        self, reaction: Reaction, facts: AttemptFacts, source: str, sender_domain: str, reply: Reply
    ) -> int | None:
        place = _place(reaction.scope, facts, source, sender_domain)
        if place is None or not self._is_enough(reaction, place):
            return None
        until_ms = self._clock.now_ms() + int(reaction.seconds * 1000)
        before = self._before(reaction, place)
        if before is None:
            return self._put(_suspension(self._suspending.next_id(), reaction, place, self._clock.now_ms(), reply))
        if _lasts_notably_longer(before, until_ms, reaction.seconds):
            self._put(replace(before, until_ms=until_ms, reply=str(reply)[:_MAX_REPLY]))
        return before.id

    def _put(self, suspension: Suspension) -> int:
        self._unwritten[suspension.id] = suspension
        self._suspending.put([suspension])
        return suspension.id

    def _before(self, reaction: Reaction, place: Place) -> Suspension | None:
        """What replies did to this place before and would be doubled."""
        at_place = (each for each in self._suspending.book.at(place) if each.rule and each.stop == reaction.stop)
        return next((each for each in at_place if reaction.stop or each.rule == reaction.rule), None)

    def _is_enough(self, reaction: Reaction, place: Place) -> bool:
        if reaction.after <= 1:
            return True
        now = self._clock.monotonic()
        counted = self._counted((reaction.rule, place))
        counted.append(now)
        while counted[0] < now - reaction.within_seconds or len(counted) > reaction.after:
            counted.popleft()
        return len(counted) >= reaction.after

    def _counted(self, key: tuple[str, Place]) -> deque[float]:
        if key not in self._counts and len(self._counts) >= _MAX_COUNTED:
            del self._counts[next(iter(self._counts))]
        return self._counts.setdefault(key, deque())


def _place(scope: ReactionScope, facts: AttemptFacts, source: str, sender_domain: str) -> Place | None:
    """None: a notice has no sender that could be slowed."""
    match scope:
        case ReactionScope.SOURCE:
            return SuspensionScope.PROVIDER, facts.provider, source, ""
        case ReactionScope.SENDER:
            return (SuspensionScope.PROVIDER, facts.provider, "", sender_domain) if sender_domain else None
        case ReactionScope.SITE:
            return SuspensionScope.SITE, facts.site, "", ""


def _suspension(number: int, reaction: Reaction, place: Place, now_ms: int, reply: Reply) -> Suspension:
    scope, subject, source, sender_domain = place
    return Suspension(
        id=number,
        scope=scope,
        subject=subject,
        source=source,
        sender_domain=sender_domain,
        stop=reaction.stop,
        share=reaction.share,
        message_rate=reaction.message_rate,
        connections=reaction.connections,
        since_ms=now_ms,
        until_ms=now_ms + int(reaction.seconds * 1000),
        rule=reaction.rule,
        reply=str(reply)[:_MAX_REPLY],
        reason=reaction.because,
    )


def _lasts_notably_longer(before: Suspension, until_ms: int, seconds: float) -> bool:
    """A burst of the same reply comes within moments: a commit and a wake for each would be for nothing."""
    assert before.until_ms is not None, "what a reply set off has an end"
    return until_ms - before.until_ms >= min(max(1000, int(seconds * 50)), 60_000)
