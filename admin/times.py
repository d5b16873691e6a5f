"""Instants and spans for people.

Owns   how a time is said: exact in the zone of this process, and relative to now.
Knows  nothing of what happened then. Programs get epoch milliseconds instead.
"""

from datetime import UTC, datetime

from .texts import _

_SECOND = 1000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def exact(at_ms: int, now_ms: int) -> str:
    """The time of day when it is today, else with its date."""
    at, now = _local(at_ms), _local(now_ms)
    if at.date() == now.date():
        return at.strftime("%H:%M:%S")
    return at.strftime("%m-%d %H:%M:%S" if at.year == now.year else "%Y-%m-%d %H:%M")


def relative(at_ms: int, now_ms: int) -> str:
    """How long ago, or in how long."""
    if at_ms > now_ms:
        return _("in {span}").format(span=span(at_ms - now_ms))
    return _("{span} ago").format(span=span(now_ms - at_ms))


def both(at_ms: int, now_ms: int) -> str:
    return _("{time} ({relative})").format(time=exact(at_ms, now_ms), relative=relative(at_ms, now_ms))


def span(ms: int) -> str:
    """A length of time in its one or two largest units."""
    ms = max(0, ms)
    days, hours, minutes = ms // _DAY, ms % _DAY // _HOUR, ms % _HOUR // _MINUTE
    parts = ((days, _("{n} d")), (hours, _("{n} h")), (minutes, _("{n} min")), (ms % _MINUTE // _SECOND, _("{n} s")))
    largest = next((at for at, (n, _unit) in enumerate(parts) if n), len(parts) - 1)
    shown = parts[largest : largest + (2 if largest < 2 else 1)]  # minutes and seconds need no second unit
    return " ".join(unit.format(n=n) for n, unit in shown if n or len(shown) == 1)


def _local(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone()
