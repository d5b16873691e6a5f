"""Limits in words: each number with where it came from.

Owns   the name of every field of EgressLimits for people.
Knows  no layout.
"""

from collections.abc import Iterable

from ...mta.delivery.egress import TlsLevel
from ...queue.limits import EgressLimits, Limit, RateLimit
from .. import times
from ..texts import _
from .ceilings import origin_words, rate_words

Told = tuple[str, str, str]
"""What is limited, the number, where it is from."""


def limit_rows(limits: EgressLimits) -> list[Told]:
    """One for each number in force."""
    idle = limits.idle_seconds
    return [
        _limit(_("connections"), limits.connections),
        *_rates(_("messages"), limits.message_rates),
        *_rates(_("connects"), limits.connection_rates),
        _limit(_("messages per connection"), limits.messages_per_connection),
        _limit(_("recipients per message"), limits.recipients_per_transaction),
        (_("an idle connection is kept"), times.span(idle.value * 1000), origin_words(idle.because)),
        (_("TLS"), _tls(limits.tls.level), origin_words(limits.tls.because)),
        (
            _("kept for people and transactional mail"),
            f"{limits.reserved_percent.value} %",
            origin_words(limits.reserved_percent.because),
        ),
        *_site_rows(limits),
    ]


def _site_rows(limits: EgressLimits) -> Iterable[Told]:
    if limits.site.connections is not None:
        yield _limit(_("connections to one site"), limits.site.connections)
    yield from _rates(_("messages to one site"), limits.site.message_rates)


def _limit(name: str, limit: Limit) -> Told:
    return name, f"{limit.value:,}", origin_words(limit.because)


def _rates(name: str, rates: Iterable[RateLimit]) -> list[Told]:
    return [(name, rate_words(rate.count, rate.seconds), origin_words(rate.because)) for rate in rates]


def _tls(level: TlsLevel) -> str:
    match level:
        case TlsLevel.OPPORTUNISTIC:
            return _("where the host offers it")
        case TlsLevel.REQUIRED:
            return _("required, any certificate")
        case TlsLevel.VERIFIED:
            return _("required, with a valid certificate")
