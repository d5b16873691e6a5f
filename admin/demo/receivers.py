"""Whom the example letters go to: groups of receivers, each with one thing to show.

Owns   the groups, their domains, and the people who live there.
Knows  nothing of how a receiver behaves (conf/simulator.toml, and `internet` for what the demo changes about it).
"""

from dataclasses import dataclass

from ..texts import N_

SENDER_DOMAINS = ("lantern.test", "xinghe.test")

_PEOPLE = (
    "amy", "ben", "chloe", "dario", "emma", "felix", "grace", "hugo", "ines", "jonas", "li.na", "zhang.wei", "wang.jun",
    "liu.yang", "chen.jie", "zhao.min", "lin.xia", "sun.hao", "xu.ting", "he.ping",
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Receivers shown in one line. `weight`: how much of the mail they get; 0: none from the stream."""

    label: str
    domains: tuple[str, ...]
    weight: int
    people: tuple[str, ...] = _PEOPLE
    strange: tuple[str, ...] = ()  # every fifth letter goes to one of these


_GONE = ("unknown.ada", "unknown.tom", "unknown.mei")

GROUPS = (
    Group(N_("Gmail"), ("gmail.test", "workspace-customer.test"), 6, strange=(*_GONE, "full.leo", "busy.zoe")),
    Group(N_("Outlook"), ("outlook.test", "hotmail.test"), 5, strange=_GONE),
    Group(N_("QQ"), ("qq.test", "foxmail.test"), 5, strange=_GONE),
    Group(N_("163"), ("163.test", "126.test"), 5, strange=(*_GONE, "spam.trap")),
    Group(N_("small firms"), ("friendly.test", "example-customer.test", "tls.test", "dom007.test"), 5, strange=_GONE),
    Group(N_("greylisting"), ("greylist.test",), 4),
    Group(N_("full mailboxes"), ("full.test",), 2, strange=("hard.max",)),
    Group(N_("first host dead"), ("firstdead.test",), 2),
    Group(N_("broken TLS"), ("brokentls.test",), 2),
    Group(N_("never answers"), ("hang.test",), 1),
    Group(N_("host is down"), ("refused.test",), 1),
    Group(N_("wants no mail"), ("nullmx.test",), 1),
    Group(N_("mistyped domain"), ("gmial.test", "outlok.test"), 1),
    Group(N_("senders' inbox"), SENDER_DOMAINS, 0),
)


def group_of(domain: str) -> Group | None:
    """The group that a recipient's domain belongs to."""
    return _BY_DOMAIN.get(domain)


_BY_DOMAIN = {domain: group for group in GROUPS for domain in group.domains}
