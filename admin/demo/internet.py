"""The demo's internet: the forty shipped providers, a little impatient, and how the demo's server is told about them.

Owns   what the demo changes about conf/simulator-forty.toml: free ports, shorter greylisting, what is sent back
       (comes_back), and the senders' domains, whose MX is the demo's server itself, so that bounces come home; and the
       shaping rules that name these providers.
Knows  nothing of servers and letters.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from ...mta.dkim.key import SigningKey, public_record, txt_strings
from ...mta.simulator.behaviours import Counted, Per, StartTls
from ...mta.simulator.domains import expand
from ...mta.simulator.settings import ExtraRecord, Greylist, MxHost, ProviderSettings, Settings
from .comes_back import returns_of
from .receivers import SENDER_DOMAINS, shipped

GREYLIST_SECONDS = 10.0
_GREYLIST = Greylist(seconds=GREYLIST_SECONDS, reply="450 4.7.1 Greylisted, see you in ten seconds")
HOSTNAME = "mail.lantern.test"
HOME_ADDRESS = "127.90.1.1"  # where the demo's server takes mail
_HOME = ProviderSettings(name="home", domains=SENDER_DOMAINS, mx=(MxHost(host=HOSTNAME, address=HOME_ADDRESS),))
_HEAD = """\
# Made by `youtong demo`: the shipped rules, for the forty providers of its simulated internet.
base = "shipped"
"""
_CAUTION = 0.7  # of what a receiver takes: the rates of the demo's rules
_TOO_BOLD = frozenset(
    {"yahoo", "naver", "orange"}
)  # their limits are not known to the demo's rules: they will complain


def demo_settings(keys: Iterable[SigningKey]) -> Settings:
    """Ports are 0: whatever is free."""
    records = [_published(key) for key in keys]
    return replace(
        shipped(),
        simulator=replace(shipped().simulator, dns="127.0.0.1:0", port=0, control=""),
        provider=tuple(map(_impatient, shipped().provider)),
        record=(*shipped().record, *records, *_way_home()),
    )


def _way_home() -> Iterator[ExtraRecord]:
    """Mail for the senders' domains goes to the demo's server."""
    yield ExtraRecord(name=HOSTNAME, type="A", text=HOME_ADDRESS)
    for domain in SENDER_DOMAINS:
        yield ExtraRecord(name=domain, type="MX", text=f"10 {HOSTNAME}.")


def demo_shaping() -> str:
    """shaping.toml: the shipped rules, told under which names their providers live here and what these take."""
    return _HEAD + "".join(_rule(each) for each in (*shipped().provider, _HOME))


def _rule(provider: ProviderSettings) -> str:
    suffix = expand(provider.mx[0].host)[0].partition(".")[2]
    lines = [f"\n[provider.{provider.name}]", f'mx = ["{suffix}"]', *_rates(provider)]
    if provider.dialog.starttls is not StartTls.GOOD:
        lines.append('tls = "opportunistic"')
    return "\n".join(lines) + "\n"


def _rates(provider: ProviderSettings) -> Iterator[str]:
    """A little less than what it takes from one client in a minute."""
    counted = {Counted.MESSAGES: "message_rate", Counted.CONNECTIONS: "connection_rate"}
    for window in provider.window:
        key = counted.get(window.counts)
        if key and window.per is Per.CLIENT and provider.name not in _TOO_BOLD:
            yield f'{key} = "{max(1, int(window.most * _CAUTION))}/{int(window.seconds)} s"'


def _impatient(provider: ProviderSettings) -> ProviderSettings:
    return replace(provider, greylist=_GREYLIST if provider.greylist else None, late=returns_of(provider))


def _published(key: SigningKey) -> ExtraRecord:
    text = " ".join(f'"{each}"' for each in txt_strings(public_record(key)))
    return ExtraRecord(name=key.record_name, type="TXT", text=text)
