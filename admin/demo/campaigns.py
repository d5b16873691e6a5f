"""The demo's three streams: a newsletter, product news and an invoice run, each to many people at all providers.

Owns   their texts and recipients, drawn from a seed, and handing them to the server in chunks, as any producer does.
Knows  nothing of what becomes of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from random import Random

from ...queue.classes import MailClass
from ...queue.streams.streams import NewStream, StreamRecipient
from ..stream_control import Create, Enqueue, StreamQuestion
from ..texts import N_
from .receivers import SENDER_DOMAINS, groups

_ENGLISH, _CHINESE = SENDER_DOMAINS
_CHUNK = 200
_BREATH_SECONDS = 0.25  # between two chunks: a producer that is no hurry
_LIFETIME_MS = 3 * 24 * 3600 * 1000

Ask = Callable[[StreamQuestion], Awaitable[dict[str, object]]]


@dataclass(frozen=True)
class Campaign:
    """One stream to be made."""

    name: str
    sender: str
    display: str
    subject: str
    text: str
    recipients: int
    mail_class: MailClass = MailClass.BULK

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]

    def new(self, account_id: int) -> NewStream:
        head = f"From: {self.display} <{self.sender}>\r\nSubject: {self.subject}\r\n\r\n"
        body = self.text.replace("\n", "\r\n")
        return NewStream(
            account_id, self.name, self.sender, head.encode(), body.encode(), _LIFETIME_MS, self.mail_class, who="demo"
        )


CAMPAIGNS = (
    Campaign(
        N_("newsletter"), f"news@{_ENGLISH}", "Lantern Lamps", "Lamps for long evenings, {{name}}",
        "Good day {{name}},\n\nthe autumn lamps are here.\n\nThe lamp makers\n", 2400,
    ),
    Campaign(
        N_("product news"), f"books@{_CHINESE}", "星河书店", "{{name}}，本月新书",
        "{{name}} 您好：\n\n本月新书已经上架。\n\n星河书店\n", 1800,
    ),
    Campaign(
        N_("invoice run"), f"billing@{_ENGLISH}", "Lantern Lamps", "Invoice {{number}}",
        "Good day {{name}},\n\nplease find invoice {{number}} below.\n\nThe lamp makers\n", 600,
        MailClass.TRANSACTIONAL,
    ),
)  # fmt: skip
BULK_SENDERS = frozenset(each.sender for each in CAMPAIGNS)


async def send(campaign: Campaign, account_id: int, ask: Ask, random: Random) -> None:
    """Make the stream and hand over all its recipients. Raises what `ask` raises."""
    answer = await ask(Create(campaign.new(account_id)))
    stream_id = answer["stream_id"]
    assert isinstance(stream_id, int)
    recipients = _recipients(campaign, random)
    while chunk := list(islice(recipients, _CHUNK)):
        await ask(Enqueue(stream_id, chunk))
        await asyncio.sleep(_BREATH_SECONDS)


def _recipients(campaign: Campaign, random: Random) -> Iterator[StreamRecipient]:
    """Keys ascend. One in fifty is an address that does not exist."""
    open_groups = [each for each in groups() if each.weight and each.provider]
    chosen = random.choices(open_groups, [each.weight for each in open_groups], k=campaign.recipients)
    for number, group in enumerate(chosen):
        person = "unknown" if number % 50 == 49 else random.choice(group.people)
        address = f"{person}.{number}@{random.choice(group.domains)}"
        fields: Mapping[str, str] = {"name": person.partition(".")[0].title(), "number": f"{number + 1:05}"}
        yield StreamRecipient(f"{number:06}", address, dict(fields))
