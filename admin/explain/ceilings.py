"""What keeps a lane from sending more, in words: short for a line of `top`, whole for `explain site`.

Owns   a sentence for every CeilingKind, and how a rate and an origin are said.
Knows  nothing of where ceilings come from (admin.figures).
"""

from typing import assert_never

from ...queue.pace.ceiling import CeilingKind
from .. import times
from ..figures import CeilingSeen
from ..texts import _, ngettext
from .suspension_words import suspension_words

_UNITS = {1.0: "s", 60.0: "min", 3600.0: "h", 86400.0: "d"}


def rate_words(count: int, seconds: float) -> str:
    """A rate as a rule file writes it: 20/min."""
    unit = _UNITS.get(float(seconds))
    return f"{count:,}/{unit}" if unit else f"{count:,}/{seconds:g} s"


def origin_words(because: str) -> str:
    """Where a number is from."""
    return _("default") if because in ("", "default") else because


def ceiling_words(ceiling: CeilingSeen, now_ms: int) -> str:
    """In a few words; "" when nothing limits."""
    if ceiling.suspension is not None:
        return suspension_words(ceiling.suspension, now_ms)
    words = _what(ceiling)
    if words and ceiling.because:
        words = _("{what}: {words}").format(what=words, words=origin_words(ceiling.because))
    part = ceiling.site or ceiling.sender
    return _("for {name} {words}").format(name=part, words=words) if part else words


def _what(ceiling: CeilingSeen) -> str:
    match ceiling.kind:
        case CeilingKind.NOTHING:
            return ""
        case CeilingKind.CONNECTIONS:
            busy = _("bulk's share of {n} connections busy") if ceiling.for_bulk else _("all {n} connections busy")
            return busy.format(n=ceiling.count)
        case CeilingKind.MESSAGE_RATE:
            letters = _("bulk's share of {rate} messages") if ceiling.for_bulk else _("{rate} messages")
            return _freed(letters.format(rate=rate_words(ceiling.count, ceiling.per_seconds)), ceiling)
        case CeilingKind.CONNECTION_RATE:
            return _freed(_("{rate} connects").format(rate=rate_words(ceiling.count, ceiling.per_seconds)), ceiling)
        case CeilingKind.IN_FLIGHT:
            return _("{n} under way, as many as its connections take").format(n=ceiling.count)
        case CeilingKind.MOVING:
            return _("moving to another delivery process")
        case CeilingKind.NO_WORKER:
            return _("the delivery processes are starting")
        case CeilingKind.RESTING:
            return rest_words(ceiling.count, ceiling.free_in_seconds or 0)
        case CeilingKind.SUSPENDED:
            return _("suspended")
        case _:
            assert_never(ceiling.kind)


def rest_words(sites: int, left_seconds: float) -> str:
    """How long sites rest whose hosts do not let us begin; 0: one letter tries them."""
    if not left_seconds:
        return _("no host accepts a session, one message tries them now")
    sentence = ngettext(
        "no host accepts a session, tried again in {span}",
        "no host of {n} sites accepts a session, tried again in {span}",
        sites,
    )
    return sentence.format(n=sites, span=times.span(round(left_seconds * 1000)))


def _freed(words: str, ceiling: CeilingSeen) -> str:
    if not ceiling.free_in_seconds or ceiling.free_in_seconds < 1:
        return words
    span = times.span(round(ceiling.free_in_seconds * 1000))
    return _("{what}, free in {span}").format(what=words, span=span)
