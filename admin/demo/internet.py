"""The demo's internet: the shipped one, a little impatient, with the senders' DKIM keys in its DNS.

Owns   what the demo changes about conf/simulator.toml: free ports, shorter greylisting, smaller rate limits (so that
       both are seen within a minute), and a home for the senders, where failure notices arrive.
Knows  nothing of servers and letters.
"""

from collections.abc import Iterable
from importlib.resources import files

from msgspec.structs import replace

from ...mta.dkim.key import SigningKey, public_record, txt_strings
from ...mta.simulator.reading import read_settings
from ...mta.simulator.settings import ExtraRecord, Greylist, MxHost, ProviderSettings, Servers, Settings
from .receivers import SENDER_DOMAINS

GREYLIST_SECONDS = 10.0
_GREYLIST = Greylist(seconds=GREYLIST_SECONDS, reply="450 4.7.1 Greylisted, see you in ten seconds")
_STRICTER = 10  # a tenth of the shipped rates: the demo sends some letters a second
_HOME = ProviderSettings(
    name="home", domains=SENDER_DOMAINS, mx=(MxHost(host="mx.home.test", address="127.90.1.1"),)
)  # fmt: skip


def demo_settings(keys: Iterable[SigningKey]) -> Settings:
    """Ports are 0: whatever is free."""
    shipped = read_settings(files("youtong.conf").joinpath("simulator.toml").read_text("utf-8"))
    records = [_published(key) for key in keys]
    return replace(
        shipped,
        simulator=Servers(dns="127.0.0.1:0", port=0, control=""),
        provider=(*map(_impatient, shipped.provider), _HOME),
        record=(*shipped.record, *records),
    )


def _impatient(provider: ProviderSettings) -> ProviderSettings:
    windows = tuple(replace(each, most=max(1, each.most // _STRICTER)) for each in provider.window)
    return replace(provider, window=windows, greylist=_GREYLIST if provider.greylist else None)


def _published(key: SigningKey) -> ExtraRecord:
    text = " ".join(f'"{each}"' for each in txt_strings(public_record(key)))
    return ExtraRecord(name=key.record_name, type="TXT", text=text)
