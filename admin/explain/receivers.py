"""Whom a letter met, by a name that people know.

Owns   the names of providers (the keys are those of conf/shaping.toml), and how a name stands in a sentence.
Knows  no rule. Who is not here is called by the name of the host that answered, or by the domain.
"""

import re

from ...queue.journal import Facts
from ..texts import N_, _

_NAMES = {  # marked are those that are other words in Chinese
    "google": "Gmail",
    "outlook": "Outlook.com",
    "microsoft365": "Microsoft 365",
    "microsoft365-dane": "Microsoft 365",
    "yahoo": N_("Yahoo"),
    "yahoo-japan": N_("Yahoo Japan"),
    "apple": "iCloud",
    "qq": N_("QQ"),
    "tencent-exmail": N_("Tencent Exmail"),
    "netease": N_("NetEase"),
    "netease-enterprise": N_("NetEase Enterprise Mail"),
    "alibaba": N_("Aliyun Mail"),
    "alibaba-enterprise": N_("Alibaba Mail"),
    "sina": N_("Sina"),
    "sohu": N_("Sohu"),
    "china-mobile": N_("China Mobile (139)"),
    "china-telecom": N_("China Telecom (189)"),
    "netvigator": "Netvigator",
    "naver": "Naver",
    "daum": "Daum",
    "docomo": "NTT docomo",
    "kddi": "au (KDDI)",
    "softbank": "SoftBank",
    "gmx": "GMX/WEB.DE",
    "mail-com": "mail.com",
    "t-online": "T-Online",
    "kpn": "KPN",
    "ziggo": "Ziggo",
    "telenet": "Telenet",
    "orange": "Orange",
    "free": "Free",
    "sfr": "SFR",
    "laposte": "La Poste",
    "italiaonline": "Libero/Virgilio",
    "wp": "WP",
    "onet": "Onet",
    "seznam": "Seznam",
    "mailru": "Mail.ru",
    "yandex": "Yandex",
    "comcast": "Comcast",
    "spectrum": "Spectrum",
    "cox": "Cox",
    "att": "AT&T",
    "rackspace": "Rackspace",
    "zoho": "Zoho",
    "proton": "Proton Mail",
    "fastmail": "Fastmail",
}
_FILTERS = {  # they stand before the hosts of those who own the domains
    "mimecast": "Mimecast",
    "proofpoint": "Proofpoint",
    "barracuda": "Barracuda",
    "cisco": "Cisco Secure Email",
    "messagelabs": "Symantec",
    "cloudflare": "Cloudflare",
}
_OWN_DOMAINS = {"google": (frozenset({"gmail.com", "googlemail.com"}), "Google Workspace")}
"""Whose customers' domains are better known by another name."""
_WIDE = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")


def receiver_name(facts: Facts, domain: str = "", provider: str = "") -> str:
    """The provider, else the host that spoke, else the domain. `provider`: whose host it was, of rows that say none."""
    known = facts.provider or provider
    if known in _OWN_DOMAINS and domain:
        own, of_others = _OWN_DOMAINS[known]
        return _NAMES[known] if domain in own else of_others
    if known in _NAMES:
        return _(_NAMES[known])
    if known in _FILTERS:
        name = _FILTERS[known]
        return _("{name} (the mail filter of {domain})").format(name=name, domain=domain) if domain else name
    return facts.host or facts.remote or domain or _("the receiver")


def is_filter(provider: str) -> bool:
    """Whether its hosts stand before other people's."""
    return provider in _FILTERS


def phrase(sentence: str, who: str, **others: str) -> str:
    """The sentence with the name in it; between two Chinese words stands no space."""
    if _WIDE.fullmatch(who[-1:]):
        sentence = sentence.replace("{who} ", "{who}")
    if _WIDE.fullmatch(who[:1]):
        sentence = sentence.replace(" {who}", "{who}")
    return sentence.format(who=who, **others)
