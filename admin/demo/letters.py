"""Example letters: who writes what to whom, drawn from a seed.

Owns   the senders, the subjects and texts in two languages, and the choice of recipients.
Knows  nothing of the way a letter takes (`posting`).

The first letters visit the providers with most to show, in order; after that chance decides, by weight, among those
that have room. So a receiver that takes nothing is not written to for ever.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime, make_msgid
from itertools import count
from random import Random

from .receivers import SENDER_DOMAINS, Group, group_of, groups

_STRANGE_ONE_IN = 5
_TO_MANY_ONE_IN = 6
_MANY = (3, 7)
_ENGLISH, _CHINESE = SENDER_DOMAINS
_OPENING = (
    "gmail.test", "university.test", "observatory.test", "qq.test", "town-hall.test", "library.test", "163.test",
    "gmial.test", "old-mill.test", "outlook.test", "yahoo.test", "bakery07.test",
)  # fmt: skip


@dataclass(frozen=True)
class Sender:
    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True)
class Letter:
    sender: Sender
    recipients: tuple[str, ...]
    subject: str
    octets: bytes  # with CRLF, as a client sends it


_SENDERS = {
    _ENGLISH: (Sender("Anna Berg", f"anna@{_ENGLISH}"), Sender("Lantern Lamps", f"orders@{_ENGLISH}")),
    _CHINESE: (Sender("王芳", f"wang.fang@{_CHINESE}"), Sender("星河书店", f"service@{_CHINESE}")),
}
_TEXTS = {
    _ENGLISH: (
        ("Your order {n} is on its way", "Good day,\n\nyour parcel left our house this morning.\n\nThe lamp makers\n"),
        ("Lunch on Thursday?", "Hello,\n\nthe noodle place at the corner, half past twelve?\n\nAnna\n"),
        ("Minutes of this morning", "Dear all,\n\nthe minutes are below; item 3 is still open.\n\nAnna\n"),
        ("Invoice {n}", "Good day,\n\nplease find the amount and our account below. Thank you.\n\nThe lamp makers\n"),
    ),
    _CHINESE: (
        ("您的订单 {n} 已发货", "您好：\n\n您的包裹今天上午已经寄出，请注意查收。\n\n星河书店\n"),
        ("周四一起吃午饭吗？", "你好！\n\n周四中午十二点半，街角那家面馆，怎么样？\n\n王芳\n"),
        ("会议纪要，请查收", "各位同事：\n\n今天上午的会议纪要见下文，第三项尚待讨论。\n\n王芳\n"),
        ("新书到货通知", "您好：\n\n您预订的书已经到店，欢迎来取。\n\n星河书店\n"),
    ),
}


def letters(random: Random, full: Collection[Group]) -> Iterator[Letter]:
    """Letters without end. `full` is looked at before each: groups that get none for now."""
    for number in count():
        opening = group_of(_OPENING[number]) if number < len(_OPENING) else None
        chosen = [opening] if opening else _chosen(random, full)
        recipients = dict.fromkeys(_address(random, group, strange=not opening) for group in chosen)
        yield _letter(random, 1001 + number, tuple(recipients))


def _chosen(random: Random, full: Collection[Group]) -> list[Group]:
    open_groups = [group for group in groups() if group.weight and group not in full] or [groups()[0]]
    how_many = random.randint(*_MANY) if not random.randrange(_TO_MANY_ONE_IN) else 1
    return random.choices(open_groups, [group.weight for group in open_groups], k=how_many)


def _address(random: Random, group: Group, *, strange: bool) -> str:
    is_strange = strange and group.strange and not random.randrange(_STRANGE_ONE_IN)
    person = random.choice(group.strange if is_strange else group.people)
    return f"{person}@{random.choice(group.domains)}"


def _letter(random: Random, number: int, recipients: tuple[str, ...]) -> Letter:
    domain = random.choice(SENDER_DOMAINS)
    sender = random.choice(_SENDERS[domain])
    subject, text = random.choice(_TEXTS[domain])
    subject = subject.format(n=number)
    return Letter(sender, recipients, subject, _octets(sender, recipients, subject, text))


def _octets(sender: Sender, recipients: tuple[str, ...], subject: str, text: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = ", ".join(recipients)
    message["Subject"] = subject
    message["Date"] = localtime()
    message["Message-ID"] = make_msgid(domain=sender.domain)
    message.set_content(text)
    return message.as_bytes()
