"""Rates and times as a person writes them: "20/min", "500/h", "90 s", "next day +08:00".

Owns   reading these words. A reader raises ValueError with one Phrase.
Knows  no key.
"""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from .phrases import phrased

_SECONDS = {"s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86_400, "day": 86_400}
_UNIT = "|".join(_SECONDS)
_RATE = re.compile(rf"(\d[\d,]*) ?/ ?(?:(\d+) ?)?({_UNIT})s?")
_DURATION = re.compile(rf"(\d+) ?({_UNIT})s?")
_UNTIL = re.compile(r"next day (?:([+-])(\d\d):(\d\d)|([A-Za-z][\w/+-]*))")


class NextDay(msgspec.Struct, frozen=True):
    """Until midnight at a place: a quota of a calendar day."""

    zone: str  # "+08:00" or "Asia/Shanghai"

    def seconds_from(self, now_ms: int) -> float:
        now = datetime.fromtimestamp(now_ms / 1000, zone_of(self.zone))
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
        return (midnight - now).total_seconds()


def rate(text: object) -> tuple[int, int]:
    """How many in how many seconds."""
    found = _RATE.fullmatch(text) if isinstance(text, str) else None
    count = int(found[1].replace(",", "")) if found else 0
    seconds = int(found[2] or 1) * _SECONDS[found[3]] if found else 0
    if not count or not 0 < seconds <= 86_400:
        raise ValueError(
            phrased('needs a rate in quotes, e.g. "20/min", "500/h" or "10/30 s" (s, min, h, day; one day at most)')
        )
    return count, seconds


def rates(raw: Any) -> list[tuple[int, int]]:
    """One rate or a list of them."""
    each = cast("list[object]", raw) if isinstance(raw, list) and raw else [cast("object", raw)]
    return [rate(one) for one in each]


def duration(text: object) -> int:
    """Seconds."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None or not int(found[1]):
        raise ValueError(
            phrased('needs a time with its unit in quotes, e.g. "90 s", "30 min" or "2 h" (s, min, h, day)')
        )
    return int(found[1]) * _SECONDS[found[2]]


def until(text: object) -> NextDay:
    found = _UNTIL.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(
            phrased('needs "next day" and a time zone, e.g. "next day +08:00" or "next day Asia/Shanghai"')
        )
    zone = found[4] or f"{found[1]}{found[2]}:{found[3]}"
    try:
        zone_of(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        sentence = phrased('this machine knows no time zone "{zone}"; an offset like +08:00 always works', zone=zone)
        raise ValueError(sentence) from error
    return NextDay(zone)


def zone_of(name: str) -> tzinfo:
    if name[0] not in "+-":
        return ZoneInfo(name)
    offset = timedelta(hours=int(name[1:3]), minutes=int(name[4:6]))
    return timezone(-offset if name[0] == "-" else offset)
