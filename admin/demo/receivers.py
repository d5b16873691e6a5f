"""Whom the example letters go to: forty providers, a mistyped domain, and the senders themselves.

Owns   the providers' names for people, how much of the mail each gets, and who lives there.
Knows  nothing of how a receiver behaves (conf/simulator-forty.toml, and `internet` for what the demo changes about it).
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ...mta.simulator.domains import expand
from ...mta.simulator.reading import read_settings
from ...mta.simulator.settings import Settings
from ..texts import N_

SENDER_DOMAINS = ("lantern.test", "xinghe.test")

_PEOPLE = (
    "amy", "ben", "chloe", "dario", "emma", "felix", "grace", "hugo", "ines", "jonas", "li.na", "zhang.wei", "wang.jun",
    "liu.yang", "chen.jie", "zhao.min", "lin.xia", "sun.hao", "xu.ting", "he.ping",
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """A provider. `weight`: how much of the mail it gets; 0: none from letters and streams."""

    provider: str  # its name in conf/simulator-forty.toml and in the shaping rules
    label: str
    domains: tuple[str, ...]
    weight: int
    people: tuple[str, ...] = _PEOPLE
    strange: tuple[str, ...] = ()  # every fifth letter goes to one of these


_GONE = ("unknown.ada", "unknown.tom", "unknown.mei")
_WEIGHTS = {"google": 20, "outlook": 12, "microsoft365": 10, "qq": 12, "netease": 10, "yahoo": 6, "gmx": 5, "apple": 5}
_STRANGE = {
    "google": (*_GONE, "full.leo", "busy.zoe"),
    "netease": (*_GONE, "spam.trap"),
    "library": (*_GONE, "hard.max"),
    "town-hall": (),
    "observatory": (),
}
_LABELS = {
    "google": "Gmail", "outlook": "Outlook", "microsoft365": "Microsoft 365", "yahoo": "Yahoo, AOL", "apple": "iCloud",
    "proton": "Proton", "fastmail": "Fastmail", "zoho": "Zoho", "qq": "QQ", "tencent-exmail": "Tencent Exmail",
    "netease": "163, 126, yeah", "alibaba": "Aliyun", "sina": "Sina", "sohu": "Sohu", "china-mobile": "139",
    "china-telecom": "189", "naver": "Naver", "daum": "Daum", "yahoo-japan": "Yahoo Japan", "docomo": "docomo",
    "gmx": "GMX, web.de", "t-online": "T-Online", "kpn": "KPN", "orange": "Orange", "free": "Free",
    "laposte": "La Poste", "italiaonline": "Libero, Virgilio", "seznam": "Seznam", "mailru": "Mail.ru",
    "yandex": "Yandex", "comcast": "Comcast", "cox": "Cox", "mimecast": "Mimecast", "barracuda": "Barracuda",
    "small-firms": N_("small firms"), "university": N_("greylisting"), "library": N_("full mailboxes"),
    "old-mill": N_("slow old host"), "town-hall": N_("host is down"), "observatory": N_("never answers"),
}  # fmt: skip
_MISTYPED = Group("", N_("mistyped domain"), ("gmial.test", "outlok.test"), 1)
_OURSELVES = Group("home", N_("senders' inbox"), SENDER_DOMAINS, 0)


@cache
def shipped() -> Settings:
    """The forty providers as they are shipped."""
    return read_settings(files("youtong.conf").joinpath("simulator-forty.toml").read_text("utf-8"))


@cache
def groups() -> tuple[Group, ...]:
    """In the order of the file, with those that are none of the forty at the end."""
    return (*(_group(each.name, each.domains) for each in shipped().provider), _MISTYPED, _OURSELVES)


def _group(name: str, patterns: tuple[str, ...]) -> Group:
    domains = tuple(domain for pattern in patterns for domain in expand(pattern))
    return Group(name, _LABELS[name], domains, _WEIGHTS.get(name, 2), strange=_STRANGE.get(name, _GONE))


def group_of(domain: str) -> Group | None:
    """The provider that a recipient's domain belongs to."""
    return _by_domain().get(domain)


def group_named(provider: str) -> Group | None:
    """The provider of this name."""
    return _by_name().get(provider)


@cache
def _by_domain() -> dict[str, Group]:
    return {domain: group for group in groups() for domain in group.domains}


@cache
def _by_name() -> dict[str, Group]:
    return {group.provider: group for group in groups() if group.provider}
