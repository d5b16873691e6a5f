"""Answers kept until their time is over.

Owns   the clamp of TTLs, the bound of the cache, and the age of what it gives back.
Knows  nothing of questions: a key is any hashable.
Invariant: at most `capacity` entries; when full, the entry stored longest ago goes.
RFC 1035 §7.4 (cache), RFC 2308 §5 (negative answers: one to three hours at most), §7.1 (servers that fail may be
remembered, at most 5 minutes).
"""

from collections.abc import Hashable
from typing import Any

import msgspec

from ..clock import Clock
from .answers import Answer, Found, Unavailable

SHORTEST_SECONDS = 5  # a TTL of 0 must not cost one look-up per letter
LONGEST_SECONDS = 86_400
LONGEST_NEGATIVE_SECONDS = 3600  # a domain that is set up today must not wait for tomorrow
UNAVAILABLE_SECONDS = 5


class AnswerCache:
    """A bounded TTL cache."""

    def __init__(self, clock: Clock, capacity: int) -> None:
        self._clock = clock
        self._capacity = capacity
        self._entries: dict[Hashable, tuple[float, Answer[Any]]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> Answer[Any] | None:
        """The answer with the rest of its TTL, at least 1 s; None when there is none or its time is over."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        good_until, answer = entry
        rest = good_until - self._clock.monotonic()
        if rest <= 0:
            del self._entries[key]
            return None
        return _with_ttl(answer, max(1, int(rest)))

    def put(self, key: Hashable, answer: Answer[Any]) -> Answer[Any]:
        """Keep an answer; gives it back with its TTL clamped."""
        seconds = _seconds(answer)
        self._entries.pop(key, None)  # a renewed entry is a young one
        while len(self._entries) >= self._capacity:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (self._clock.monotonic() + seconds, answer)
        return _with_ttl(answer, seconds)

    def forget_failures(self) -> int:
        """All that is no record goes; how many answers that were."""
        failures = [key for key, (_, answer) in self._entries.items() if not isinstance(answer, Found)]
        for key in failures:
            del self._entries[key]
        return len(failures)


def _seconds(answer: Answer[Any]) -> int:
    if isinstance(answer, Unavailable):
        return UNAVAILABLE_SECONDS
    longest = LONGEST_SECONDS if isinstance(answer, Found) else LONGEST_NEGATIVE_SECONDS
    return min(max(answer.ttl_seconds, SHORTEST_SECONDS), longest)


def _with_ttl(answer: Answer[Any], seconds: int) -> Answer[Any]:
    if isinstance(answer, Unavailable):
        return answer
    return msgspec.structs.replace(answer, ttl_seconds=seconds)
