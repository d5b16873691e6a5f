"""Whom a letter met, by a name that people know.

Owns   the names of providers (the keys are those of conf/shaping.toml).
Knows  no rule. Who is not here is called by the name of the host that answered, or by the domain.
"""

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
    "gmx": "GMX, WEB.DE",
    "t-online": "T-Online",
    "orange": "Orange",
    "laposte": "La Poste",
    "mailru": "Mail.ru",
    "yandex": "Yandex",
    "comcast": "Comcast",
    "att": "AT&T",
    "naver": "Naver",
    "mimecast": "Mimecast",
    "proofpoint": "Proofpoint",
    "barracuda": "Barracuda",
}


def receiver_name(facts: Facts, domain: str = "") -> str:
    """The provider, else the host that spoke, else the domain."""
    if facts.provider in _NAMES:
        return _(_NAMES[facts.provider])
    return facts.host or facts.remote or domain or _("the receiver")
