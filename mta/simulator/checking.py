"""What is wrong with a provider beyond types.

Owns   the checks of one provider: replies that are replies, loopback addresses, names, windows, time zones.
Knows  nothing of files (`mta.simulator.reading`) or of running providers.
"""

from ipaddress import ip_address
from zoneinfo import ZoneInfo

from .behaviours import Deed
from .domains import expand
from .settings import ProviderSettings, parse_reply


def provider_faults(provider: ProviderSettings) -> list[str]:
    """What is wrong with one provider, as sentences."""
    faults: list[str] = []
    octets = [rule.octets for rule in provider.rule if rule.do is Deed.OCTETS]
    names = (*provider.domains, *(mx.host for mx in provider.mx), *(mx.alias for mx in provider.mx if mx.alias))
    checks = (
        (parse_reply, _replies(provider)), (_octets, octets), (expand, names), (loopback, _addresses(provider)),
        (_zone, [window.zone for window in provider.window]),
    )  # fmt: skip
    for check, values in checks:
        for value in values:
            try:
                check(value)
            except ValueError as error:
                faults.append(f"provider {provider.name!r}: {error}")
    faults += [
        f"provider {provider.name!r}: a window needs most ≥ 1 and seconds > 0"
        for window in provider.window
        if window.most < 1 or window.seconds <= 0
    ]
    faults += [
        f"provider {provider.name!r}: what is sent back needs a host that sends it, after_seconds ≥ 0 and copies ≥ 1"
        for each in provider.late
        if not provider.mx or each.after_seconds < 0 or each.copies < 1
    ]
    return faults


def _replies(provider: ProviderSettings) -> list[str]:
    limits = provider.limits
    always = [limits.connections_reply, limits.messages_reply, limits.recipients_reply, limits.content_reply]
    return [
        *(rule.reply for rule in provider.rule if rule.do is Deed.REPLY),
        *(window.reply for window in provider.window),
        *(each.says for each in provider.late),
        *always,
        *(each for each in (limits.close_reply, limits.idle_reply) if each),
        *([provider.greylist.reply] if provider.greylist else []),
    ]


def _octets(text: str) -> None:
    if not text or max(text) > "\xff":
        raise ValueError(f"{text!r}: octets are characters up to U+00FF, and not none")


def _zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown, ill-formed, a folder of the zone files
        raise ValueError(f"{name!r} is no time zone that this machine knows") from error


def _addresses(provider: ProviderSettings) -> list[str]:
    return [mx.address for mx in provider.mx if mx.address]


def loopback(address: str) -> None:
    """Raises ValueError."""
    if not ip_address(address).is_loopback:
        raise ValueError(f"{address} is not a loopback address: the simulator never leaves this machine")
